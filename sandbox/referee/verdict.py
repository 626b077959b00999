"""The verdict on a night: what was written, which of it is wrong, and which planted faults were found."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.referee.break_verdict import BreakVerdict
from sandbox.referee.control_desk import Record

After = Mapping[str, Mapping[str, list[Record]]]
"""What the systems hold after a night: records by resource, by system."""

LEAST_AGREEMENT = 0.995
LEAST_PRECISION = 0.999
LEAST_RECALL = 0.97


@dataclass(slots=True)
class Verdict:
    """What is right and what is wrong; `writes` counts the changed fields and the new records per system.

    `unread` are systems that did not answer, `unjudged` those that are written to and not judged.
    """

    writes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    precision: float = 1.0
    recall: float = 1.0
    order_to_cash: BreakVerdict = field(default_factory=BreakVerdict)
    wholesale: BreakVerdict = field(default_factory=BreakVerdict)
    dead_letters: BreakVerdict = field(default_factory=BreakVerdict)

    def note(self, system: str, what: str, *, is_right: bool) -> None:
        """Count one write, and list it when it is wrong."""
        self.writes[system] += 1
        if not is_right:
            self.wrong.append(f"{system}: {what}")

    @property
    def is_identity_right(self) -> bool:
        """Whether precision and recall of the identities reach what the demo demands."""
        return self.precision >= LEAST_PRECISION and self.recall >= LEAST_RECALL
