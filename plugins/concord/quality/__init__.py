"""What has to hold for the code itself: `checks` looks at it, `tests` runs it."""

from concord.quality.checks import run_checks
from concord.quality.tests import run_tests

__all__ = ["run_checks", "run_tests"]
