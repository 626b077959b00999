"""The benches whose servers run: each is started once, when a test first asks for it, whether it starts or not."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime

import pytest

from concord.testing.bench import Bench

FindBench = Callable[[str], Bench]
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)  # the day of the world with which the servers of benches are filled


class OpenBenches:
    """Finds benches by the names of their systems; `start` opens one.

    A bench that did not start, or that skips because its server is not to be had here, is not started again: every
    further test that asks for it ends at once, with the first reason.
    """

    def __init__(self, start: Callable[[str], AbstractContextManager[Bench]]) -> None:
        self._start, self._stack = start, ExitStack()
        self._found: dict[str, Bench] = {}
        self._failed: dict[str, BaseException] = {}

    def find(self, name: str) -> Bench:
        """The running bench; raises an `AssertionError` where it did not start, or skips the test."""
        if trouble := self._failed.get(name):
            self._end(name, trouble)
        if name not in self._found:
            try:
                self._found[name] = self._stack.enter_context(self._start(name))
            except (Exception, pytest.skip.Exception) as error:  # what it is, is told to each test
                self._failed[name] = error
                raise
        return self._found[name]

    def close(self) -> None:
        """End all servers; a bench that is asked for afterwards is started again."""
        self._found.clear()
        self._stack.close()

    def _end(self, name: str, trouble: BaseException) -> None:
        if isinstance(trouble, pytest.skip.Exception):
            pytest.skip(str(trouble))
        raise AssertionError(
            f"The bench of {name} did not start ({type(trouble).__name__}: {trouble}); the first test that asked "
            "for it shows where."
        ) from trouble
