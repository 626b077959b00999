"""The vocabulary in which a system is declared; a wrong declaration is refused when it is built."""

from concord.contract.changes import ARCHIVE, Change, End, Outcome
from concord.contract.errands import Batch, Lookup
from concord.contract.resources import Page, Reader, Resource, Writer, Writes
from concord.contract.sessions import Answer, Auth, Session
from concord.contract.systems import Manners, Pace, System
from concord.contract.windows import ChangedBetween, Snapshot, Window, Worklist

__all__ = [
    "ARCHIVE",
    "Answer",
    "Auth",
    "Batch",
    "Change",
    "ChangedBetween",
    "End",
    "Lookup",
    "Manners",
    "Outcome",
    "Pace",
    "Page",
    "Reader",
    "Resource",
    "Session",
    "Snapshot",
    "System",
    "Window",
    "Worklist",
    "Writer",
    "Writes",
]
