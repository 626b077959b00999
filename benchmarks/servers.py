"""What the PostgreSQL servers of this process cost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

_PAUSE = 1.0  # seconds between two looks at the memory


def cpu_of_servers() -> float:
    """The CPU seconds of the servers of this process, with those of connections that have ended."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # ended since it was listed
            if process.name() == "postgres":
                times = process.cpu_times()
                spent += times.user + times.system + times.children_user + times.children_system
    return spent


@contextmanager
def watching_memory() -> Iterator[list[float]]:
    """The most MB that this process and all that it started held at once, in a list of one number.

    Memory that processes share counts once.
    """
    most, is_over = [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(_PAUSE):
            most[0] = max(most[0], _held() / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        is_over.set()
        watcher.join()


def _held() -> float:
    """Bytes that the processes hold, shared ones by their part."""
    held = 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            held += process.memory_full_info().pss
    return held
