"""Lists whose next page begins behind the last id, newest first, with ranges over the second of creation.

`{"data": [...], "has_more": true}`; https://docs.stripe.com/api/pagination. What a reader knows about a record
and the record does not say is added to it as its last member, `_concord`, for a declaration to name.
"""

import hashlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeGuard
from urllib.parse import quote, urlencode

import msgspec

from concord.contract import Form, Page, Session
from concord.errors import RequestError, ServerError
from concord.protocols.reading import Pages, ask, ask_with_headers, last_readable, prefetch
from concord.protocols.repair import is_marked
from concord.protocols.values import UNREADABLE

LARGEST_PAGE = 100
NEVER = 253_402_300_799  # the last second that a calendar has
_ADDED = b"_concord"
_GONE = (404, 410)


def _seconds_as(written: str) -> Form:
    """Whole seconds since 1970 in that form; what is no second of the years 1 to 9999 stays as it is."""
    is_second = "{0} ~ '^-?[0-9]{{1,12}}$' and {0}::numeric between -62135596800 and " + str(NEVER)
    moment = f"to_char(to_timestamp({{0}}::double precision) at time zone 'UTC', '{written}')"
    return Form(sql=f"case when {is_second} then {moment} else {{0}} end")


AS_SECOND = _seconds_as('YYYY-MM-DD"T"HH24:MI:SS"Z"')
AS_DAY = _seconds_as("YYYY-MM-DD")


def is_second(value: object) -> TypeGuard[int]:
    """Whether a value is a second that a calendar has."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= NEVER


class Head(msgspec.Struct):
    """What a reader itself must know of a record."""

    id: object = ""
    created: object = 0

    @property
    def key(self) -> str:
        """The id, empty where it cannot be read."""
        return self.id if isinstance(self.id, str) and not is_marked(self.id) else ""

    @property
    def second(self) -> int:
        """The second of creation; 0 where the record has no number there, which validation refuses."""
        return self.created if is_second(self.created) else 0


class _Listed(msgspec.Struct):
    data: list[msgspec.Raw]
    has_more: bool


_listed = msgspec.json.Decoder(_Listed)
_head = msgspec.json.Decoder(Head, float_hook=str)
_record = msgspec.json.Decoder(msgspec.Raw)
_value = msgspec.json.Decoder(float_hook=str)


def head_of(raw: msgspec.Raw) -> Head:
    """Id and second of creation; those that cannot be read are missing, which validation sees."""
    try:
        return _head.decode(raw)
    except UNREADABLE:
        return Head()


@dataclass(frozen=True, slots=True)
class LastIdList:
    """One such list; a single record is at `path/id`."""

    path: str

    def pages(
        self, session: Session, name: str, asked: Sequence[tuple[str, str]] = (), *, size: int = LARGEST_PAGE
    ) -> Iterator[Page]:
        """The pages of what is asked for; `name` is the resource that errors speak of."""
        marks, last = Pages(name), ""
        while True:
            going_on = [("starting_after", last)] if last else []
            path = f"{self.path}?{urlencode([*asked, ('limit', str(size)), *going_on])}"
            found = ask(session, _listed, "GET", path)
            if found.has_more and not found.data:
                raise ServerError(f"A page of {name} says that more follow, but is empty; run the task again.")
            yield found.data
            if not found.has_more:
                return
            last = last_readable(found.data, lambda raw: head_of(raw).key or None) or ""
            if not last:
                raise ServerError(
                    f"A page of {name} came without ids; check the API version and run the task again."
                )
            marks.note_next(last)

    def keys(self, session: Session, name: str, *, size: int = LARGEST_PAGE) -> Iterator[list[str]]:
        """The ids of all records, page by page, empty for one whose id cannot be read."""
        pages = prefetch(self.pages(session, name, size=size))
        return ([head_of(raw).key for raw in page] for page in pages)

    def one(self, session: Session, key: str) -> tuple[msgspec.Raw, int] | None:
        """The record with this id and the second as of which it says what it says; None where there is none."""
        began = time.monotonic()
        try:
            raw, headers = ask_with_headers(session, _record.decode, "GET", self.path_of(key))
        except RequestError as error:
            if error.facts.get("status") in _GONE:
                return None
            raise
        return raw.copy(), _second_of(headers, time.monotonic() - began)

    def path_of(self, key: str) -> str:
        """Where a single record lies."""
        return f"{self.path}/{quote(key, safe='')}"


def created_between(start: int | None, end: int | None) -> list[tuple[str, str]]:
    """The parameters of a half-open range; None is open."""
    bounds = (("created[gte]", start), ("created[lt]", end))
    return [(name, str(bound)) for name, bound in bounds if bound is not None]


def second_at(moment: datetime) -> int:
    """The first whole second that is not before the moment: for whole seconds both ends of a window stay true."""
    return math.ceil(moment.timestamp())


def _second_of(headers: Mapping[str, str], seconds: float) -> int:
    """The last second, by the vendor's clock, that began before a request which took so many seconds."""
    try:
        sent_at = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        sent_at = time.time()
    return math.floor(sent_at) - math.ceil(seconds)


def with_knowledge(raw: msgspec.Raw, changed: int, **more: object) -> msgspec.Raw:
    """The record with `_concord`: `changed` in seconds, `hash` of what it says, and whatever else is known.

    Where a vendor has no version of a record to write against, the hash serves as one.
    """
    known = msgspec.json.encode({"changed": changed, "hash": _hash_of(raw), **more})
    return msgspec.Raw(b'%b,"%b":%b}' % (bytes(raw).rstrip()[:-1], _ADDED, known))


def _hash_of(raw: msgspec.Raw) -> str:
    """The same for any order of members; of a record that cannot be decoded, its bytes are hashed."""
    try:
        said = msgspec.json.encode(_value.decode(raw), order="deterministic")
    except UNREADABLE:
        said = bytes(raw)
    return hashlib.sha256(said).hexdigest()[:24]
