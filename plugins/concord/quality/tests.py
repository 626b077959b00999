"""Runs the tests; they bring their own servers and see nothing of the caller's settings."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from concord.settings import REPOSITORY

IN_PARALLEL = ("--numprocesses=2",)  # much of the time is spent waiting for servers


def run_tests(args: Sequence[str] = (), root: Path = REPOSITORY) -> int:
    """Run pytest over the whole suite by two workers, or with these arguments; pytest's exit status."""
    return subprocess.call([sys.executable, "-m", "pytest", *(args or IN_PARALLEL)], cwd=root)


if __name__ == "__main__":
    sys.exit(run_tests(sys.argv[1:]))
