"""`python -m tools check` and `python -m tools test`, which the launcher runs."""

import sys
from collections.abc import Sequence

from concord.installed import PRODUCT
from tools.checks import make_steps, run_checks
from tools.tests import run_tests

VERBS = {"check": run_checks, "test": run_tests}
HELP = {
    "check": """Usage: ./concord check [NAME ...]

Checks the code without running it. NAME is one of these; without one all of them run:
{names}
""",
    "test": """Usage: ./concord test [ARGUMENT ...]

Runs the tests with pytest. ARGUMENT is one of pytest's, as in ./concord test tests/unit -k money;
without one the whole suite runs, with three workers.
""",
}
WRONG_USAGE = 2


def main(arguments: Sequence[str]) -> int:
    """Run one verb; returns its exit status, 2 for a verb that does not exist."""
    verb, *rest = arguments or [""]
    if verb not in VERBS:
        sys.stderr.write(f"concord: There is no verb {verb!r} here; there are {', '.join(VERBS)}.\n")
        return WRONG_USAGE
    if {"-h", "--help"} & set(rest):
        sys.stdout.write(HELP[verb].format(names=", ".join(step.name for step in make_steps(PRODUCT))))
        return 0
    return VERBS[verb](rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
