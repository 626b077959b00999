"""A planned change, and the ends it can come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Change:
    """One planned write; `key` is the vendor's id, None for a create.

    The action is `create`, `update` or `archive`; an archive sets the resource's deletion field and nothing else.
    `before` and `after` are the values of the written fields by our names, and `guard` the values of the guard
    fields that must still be there, empty where the resource has no guard.
    """

    change_id: str
    key: str | None
    action: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    guard: Mapping[str, object]


class End(StrEnum):
    """What became of a change that was sent; `HELD` says that it was not sent."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CONFLICTED = "conflicted"
    UNKNOWN = "unknown"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change.

    `key` is the vendor's id where it is known, `message` one sentence without values of the record.
    """

    change_id: str
    end: End
    key: str | None = None
    message: str = ""
