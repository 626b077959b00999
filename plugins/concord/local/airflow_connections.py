"""The connections of the systems as Airflow keeps them, for a command that runs outside of Airflow."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.local.processes import Processes
from concord.settings import Connection, connection_from_parts, variable_of

SECONDS = 120.0
_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
_TELL = "concord.orchestration.tell_connections"


def find_connections(home: Path, names: Sequence[str]) -> dict[str, Connection | ConfigurationError]:
    """The connections of these names, or for each the error that says why it cannot be used.

    The environment of the caller goes first, then that of the Airflow that runs in `home`, then what this Airflow,
    or the one that the environment of the caller names, keeps in its database or in a secrets backend.
    """
    airflow = Processes(home, is_bound=False).environment("airflow-scheduler")
    environment = {**airflow, **os.environ} if airflow else dict(os.environ)
    if airflow:
        environment |= {name: text for name, text in airflow.items() if name.startswith("AIRFLOW__")}
    parts = {name: found for name in names if (found := _written_as_json(environment, name))}
    others = [name for name in names if name not in parts]
    if others and _DATABASE in environment:
        parts |= _ask_airflow(environment, others)
    return {name: _connection(name, parts.get(name)) for name in names}


def _written_as_json(environment: Mapping[str, str], name: str) -> dict[str, object] | None:
    """The parts of a connection that a variable holds as JSON; Airflow reads the other forms."""
    try:
        found = json.loads(environment.get(variable_of(name), ""))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _ask_airflow(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, dict[str, object]]:
    """What Airflow knows of these connections, in one process; `ConfigurationError` where it cannot be asked."""
    asked = subprocess.run(
        [sys.executable, "-m", _TELL, *names],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    try:
        told: dict[str, dict[str, object]] = json.loads(asked.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ConfigurationError(
            f"Airflow could not be asked for its connections; look at {COMMAND} status, or set them in variables "
            f"such as {variable_of(names[0])}."
        ) from error
    return told


def _connection(name: str, parts: Mapping[str, object] | None) -> Connection | ConfigurationError:
    if parts is None:
        return ConfigurationError(
            f'Connection "{name}" is not defined; add it in Airflow (Admin, Connections) or set '
            f"{variable_of(name)}.",
            connection=name,
        )
    try:
        return connection_from_parts(name, parts)
    except ConfigurationError as error:
        return error
    except ValueError:
        return ConfigurationError(
            f'The extra fields of connection "{name}" are not JSON; correct them in Airflow (Admin, Connections) '
            f"or in {variable_of(name)}.",
            connection=name,
        )
