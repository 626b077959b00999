"""What the PostgreSQL servers of this process have cost so far."""

from contextlib import suppress

import psutil


def cpu_of_servers() -> float:
    """The CPU seconds of the servers of this process, with those of connections that have ended."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # ended since it was listed
            if process.name() == "postgres":
                times = process.cpu_times()
                spent += times.user + times.system + times.children_user + times.children_system
    return spent
