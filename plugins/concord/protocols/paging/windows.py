"""How a list is asked for a window of changes: which parameters bound it, and how moments are written there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from concord.contract import Window
from concord.errors import ContractError
from concord.protocols.moments import EPOCH, MICROSECOND


@dataclass(frozen=True, slots=True)
class WindowParams:
    """The parameters that bound a window of changes: `since` takes its start, `until` its end; one may be missing.

    `write` turns a moment into what the vendor reads. `precision` is the step in which the vendor compares: the
    start is moved back to a whole step and the end forward, so that nothing is lost when the vendor rounds. If the
    vendor leaves out the moment `since` itself (`excludes_start`: greater than), the start is one step earlier.
    """

    since: str = ""
    until: str = ""
    write: Callable[[datetime], object] = datetime.isoformat
    precision: timedelta = MICROSECOND
    excludes_start: bool = False

    def __post_init__(self) -> None:
        if not (self.since or self.until):
            raise ContractError("WindowParams names no parameter; name `since` or `until`, or leave it out.")
        if self.precision < MICROSECOND:
            raise ContractError("The `precision` of WindowParams is a step of time; declare a second or less.")

    def params(self, window: Window) -> dict[str, object]:
        """The parameters of this window; `until` is none of them where the window has no upper bound."""
        start = window.start - (window.start - EPOCH) % self.precision
        if self.excludes_start:
            start -= self.precision
        end = window.end + (EPOCH - window.end) % self.precision
        bounds = {self.since: start} if window.is_open else {self.since: start, self.until: end}
        return {name: self.write(moment) for name, moment in bounds.items() if name}
