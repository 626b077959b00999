"""A planned write, and the ends it can come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Change:
    """One planned write: `before` and `after` in our names; `key` is None for a create.

    The action is `create`, `update` or `archive`; an archive sets the resource's deletion field and nothing else.
    """

    change_id: str
    key: str | None
    action: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    guard: Mapping[str, object]


class End(StrEnum):
    """The ends a sent change can come to, and `HELD` for one that was not sent."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CONFLICTED = "conflicted"
    UNKNOWN = "unknown"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the target made of one change; `key` is the vendor's id, `message` one masked sentence."""

    change_id: str
    end: End
    key: str | None = None
    message: str = ""
