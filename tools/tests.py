"""Runs the tests; they start their own servers and ignore the caller's settings."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from concord.installed import PRODUCT

IN_PARALLEL = ("--numprocesses=3",)  # on two cores, because much of the time is spent waiting for servers


def run_tests(args: Sequence[str] = (), root: Path = PRODUCT) -> int:
    """Run pytest on the whole suite with three workers, or with these arguments; returns pytest's exit status."""
    return subprocess.call([sys.executable, "-m", "pytest", *(args or IN_PARALLEL)], cwd=root)
