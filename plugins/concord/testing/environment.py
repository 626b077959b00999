"""What tests see of the environment of whoever runs them: nothing of Concord, but for what benches need."""

from collections.abc import Mapping

PRIVATE = ("CONCORD_", "AIRFLOW", "DBT_", "PG", "GX_")
FOR_BENCHES = "CONCORD_BENCH_"  # what the bench of a real server needs to know


def unseen_variables(environment: Mapping[str, str]) -> list[str]:
    """The names of the variables that no test sees."""
    return sorted(name for name in environment if name.startswith(PRIVATE) and not name.startswith(FOR_BENCHES))
