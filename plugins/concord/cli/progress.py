"""Steps with ticks and seconds: a live list on a terminal, one line per finished step elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

REFRESHES = 8
DONE = Text("✓", style="green")
FAILED = Text("✗", style="bold red")


class Step:
    """One thing that takes time; `say` adds what it is about or what came of it."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.is_failed = False
        self._started = time.monotonic()
        self._ended: float | None = None
        self._spinner = Spinner("dots", style="cyan")

    @property
    def seconds(self) -> float:
        """How long it took, or takes already."""
        return (self._ended or time.monotonic()) - self._started

    @property
    def is_finished(self) -> bool:
        """Whether its clock has stopped."""
        return self._ended is not None

    def say(self, detail: str) -> None:
        """Replace the detail behind the title."""
        self.detail = detail

    def end(self, *, is_failed: bool = False) -> None:
        """Stop its clock."""
        self.is_failed = is_failed
        self._ended = time.monotonic()

    def row(self) -> tuple[Spinner | Text, Text, Text]:
        """Its line in the live list."""
        sign = self._spinner if self._ended is None else FAILED if self.is_failed else DONE
        text = Text.assemble(self.title, (f"  {self.detail}" if self.detail else "", "dim"))
        return sign, text, Text(f"{self.seconds:.1f} s", style="dim")


class Board:
    """The steps of one command, in the order they began; threads may share it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps: list[Step] = []
        self._lock = threading.Lock()
        self._live = (
            Live(console=console, refresh_per_second=REFRESHES, get_renderable=self._render)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for step in self.steps:
            if not step.is_finished:
                # What was not waited for has not come to a good end.
                self.end(step, is_failed=True)
        if self._live is not None:
            self._live.stop()

    def begin(self, title: str) -> Step:
        """Start a step; `end` ends it. Without a terminal this prints a line, as the end does."""
        step = Step(title)
        with self._lock:
            self.steps.append(step)
            if self._live is None:
                self.console.print(f"{'':9}  begins  {title}", markup=False, soft_wrap=True)
        return step

    def end(self, step: Step, *, is_failed: bool = False) -> None:
        """End a step; without a terminal this prints its line."""
        step.end(is_failed=is_failed)
        if self._live is None:
            sign = "failed" if is_failed else "done"
            detail = f"  {step.detail}" if step.detail else ""
            with self._lock:
                self.console.print(
                    f"{step.seconds:7.1f} s  {sign:6}  {step.title}{detail}", markup=False, soft_wrap=True
                )

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step as a block; an error marks it as failed and goes on its way."""
        step = self.begin(title)
        try:
            yield step
        except BaseException:
            self.end(step, is_failed=True)
            raise
        self.end(step)

    def say(self, message: str) -> None:
        """A line of its own above the list."""
        self.console.print(message, markup=False, soft_wrap=self._live is None)

    def _render(self) -> Table:
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=1)
        grid.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
        grid.add_column(justify="right", no_wrap=True)
        with self._lock:
            for step in self.steps:
                grid.add_row(*step.row())
        return grid
