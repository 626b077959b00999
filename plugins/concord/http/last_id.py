"""Lists that go on behind the last id they gave, newest first, with ranges over the second of creation.

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
from urllib.parse import quote, urlencode

import msgspec

from concord.contract import Page, Session
from concord.errors import RequestError, ServerError
from concord.fields import Form
from concord.http.paging import Pages, ask, ask_with_headers

LARGEST_PAGE = 100
NEVER = 253_402_300_799  # the last second that a calendar has
_ADDED = b"_concord"
_GONE = (404, 410)

_SECOND = "to_timestamp(case when pg_input_is_valid({0}, 'double precision') then {0}::double precision end)"
AS_SECOND = Form(sql=f"""to_char({_SECOND} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""")
AS_DAY = Form(sql=f"to_char({_SECOND} at time zone 'UTC', 'YYYY-MM-DD')")


class Head(msgspec.Struct):
    """What a reader itself must know of a record."""

    id: str
    created: int = 0


class _Listed(msgspec.Struct):
    data: list[msgspec.Raw]
    has_more: bool = False


_listed = msgspec.json.Decoder(_Listed)
_head = msgspec.json.Decoder(Head)
_record = msgspec.json.Decoder(msgspec.Raw)
_value = msgspec.json.Decoder()


def head_of(raw: msgspec.Raw) -> Head:
    """Id and second of creation; a record without an id cannot be read on from."""
    try:
        return _head.decode(raw)
    except msgspec.DecodeError as error:
        raise ServerError("A record came without an id; check the API version and run the task again.") from error


@dataclass(frozen=True, slots=True)
class LastIdList:
    """One such list, and the place of its single records, `path/id`."""

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
            last = head_of(found.data[-1]).id
            marks.turn(last)

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
        answered = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        answered = time.time()
    return math.floor(answered) - math.ceil(seconds)


def with_knowledge(raw: msgspec.Raw, changed: int, **more: object) -> msgspec.Raw:
    """The record with `_concord`: `changed` in seconds, `hash` of what it says, and whatever else is known.

    Where a vendor has no version of a record to write against, the hash serves as one.
    """
    known = msgspec.json.encode({"changed": changed, "hash": _hash_of(raw), **more})
    return msgspec.Raw(b'%b,"%b":%b}' % (bytes(raw).rstrip()[:-1], _ADDED, known))


def _hash_of(raw: msgspec.Raw) -> str:
    """Whatever the order of its members; a record that cannot be read is told by its bytes."""
    try:
        said = msgspec.json.encode(_value.decode(raw), order="deterministic")
    except (msgspec.DecodeError, UnicodeError):
        said = bytes(raw)
    return hashlib.sha256(said).hexdigest()[:24]
