"""Preconditions: headers by which the service itself refuses an update once the record has moved."""

from dataclasses import dataclass
from email.utils import format_datetime
from typing import ClassVar, Protocol

from concord.protocols.values import read_moment


class Precondition(Protocol):
    """One kind of header. `reads_etag` says that the record is read at its own path, for its `ETag`."""

    reads_etag: ClassVar[bool]

    def headers(self, seen: object, etag: str) -> dict[str, str]:
        """The header, or none where its value is missing.

        `seen` is the guard's value as the plan saw it, None without a guard; `etag` is that of the record as it
        was read right before the update, empty where none was read.
        """


@dataclass(frozen=True, slots=True)
class IfMatchGuard:
    """`If-Match` with the guard's value."""

    reads_etag: ClassVar[bool] = False

    def headers(self, seen: object, etag: str) -> dict[str, str]:
        """The guard's value as the plan saw it, whatever the record says now."""
        return {"If-Match": str(seen)} if seen else {}


@dataclass(frozen=True, slots=True)
class IfMatchEtag:
    """`If-Match` with the `ETag` of the record."""

    reads_etag: ClassVar[bool] = True

    def headers(self, seen: object, etag: str) -> dict[str, str]:
        """The tag that the record had when it was read."""
        return {"If-Match": etag} if etag else {}


@dataclass(frozen=True, slots=True)
class IfUnmodifiedSince:
    """`If-Unmodified-Since` with the guard's time, in whole seconds as HTTP writes it."""

    reads_etag: ClassVar[bool] = False

    def headers(self, seen: object, etag: str) -> dict[str, str]:
        """The time of the last change, as the plan saw it."""
        moment = read_moment(seen)
        return {"If-Unmodified-Since": format_datetime(moment, usegmt=True)} if moment else {}
