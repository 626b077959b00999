"""Writes changes as one more run of a flat file: whole, under its final name in one step, or not at all.

A file cannot be changed once the host may have taken it, so an update is a newer record with the same key. What
does not fit its layout is rejected by itself; the others go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ContractViolationError, ServerError
from concord.files.encoding import encode_record
from concord.files.inspection import add_up
from concord.files.layout import RecordLayout
from concord.files.reading import FlatFiles
from concord.files.runs import STAMP, Terms, list_runs, read_terms
from concord.files.storage import Depot, NameTakenError
from concord.http.guards import Record, read_records, split_moved, value_at
from concord.http.outcomes import confirmed, rejected, settle_all

_NUMBERS_TRIED = 5


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FlatFileWriter:
    """Puts files of the reader's layout into `folder`, numbered on from the runs that are there.

    `complete` works out what the layout wants beside the fields of a change: sums, counts, line numbers.
    """

    files: FlatFiles
    folder: str
    complete: Callable[[dict[str, Any]], dict[str, Any]] = dict
    size: int = 5000
    now: Callable[[], datetime] = _now

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change: all that fit go into one file."""
        ready, outcomes, records = split_moved(session, resource, changes)
        creates = [change for change in ready if change.key is None]
        there = self._find_created(session, resource, creates)
        outcomes += [confirmed(change, key) for change in creates if (key := _own_key(resource, change)) in there]
        fitting: dict[str, bytes] = {}
        for change in ready:
            if change.key is None and _own_key(resource, change) in there:
                continue
            try:
                fitting[change.change_id] = self._encode(session, resource, change, records)
            except ContractViolationError as error:
                outcomes.append(rejected(change, error.message))
        sent = [change for change in ready if change.change_id in fitting]
        if not sent:
            return outcomes
        return settle_all([sent], lambda group: self._send(session, resource, group, fitting), outcomes)

    def _find_created(self, session: Session, resource: Resource, creates: Sequence[Change]) -> set[str]:
        """The keys of those that an earlier call wrote already."""
        keys = [_own_key(resource, change) for change in creates]
        return set(read_records(session, resource, keys)) if keys else set()

    def _encode(
        self, session: Session, resource: Resource, change: Change, records: Mapping[str, Record]
    ) -> bytes:
        """All records of one change: what is there now with the change on top, in the layout's words."""
        layout, terms = self.files.layout, read_terms(session, self.files.layout)
        values: dict[str, Any] = {}
        held = records.get(change.key) if change.key is not None else None
        for item in resource.fields:
            now = value_at(held, item) if held is not None else None
            value = change.after.get(item.name, now)
            if len(item.parts) == 1:
                values[item.path] = _plain(value)
        values = self.complete(values)
        if not values.get(resource.field(resource.key).path):
            raise ContractViolationError(
                f"It has no {resource.key}, and a file gives none; fill it at its source."
            )
        pieces = []
        for record in layout.records:
            found = [values] if record.belongs is None else values.get(record.belongs.place) or []
            pieces += [encode_record(layout, record, row, terms.code_page) for row in _rows(found, record)]
        return b"".join(pieces)

    def _send(
        self, session: Session, resource: Resource, changes: Sequence[Change], fitting: Mapping[str, bytes]
    ) -> list[Outcome]:
        body = b"".join(fitting[change.change_id] for change in changes)
        terms = read_terms(session, self.files.layout)
        with Depot(session) as depot:
            for _ in range(_NUMBERS_TRIED):
                runs = list_runs(depot, self.files.layout, self.files.folders, terms)
                number = max((run.number for run in runs), default=0) + 1
                latest = max((run.made_at for run in runs), default=None)
                name, content = self._make_file(body, number, latest, terms)
                try:
                    depot.put(self.folder, name, content)
                except NameTakenError:
                    continue
                return [confirmed(change, change.key or _own_key(resource, change)) for change in changes]
        raise ServerError(
            f"Others number their files of {self.files.layout.name} at the same time; try again later."
        )

    def _make_file(self, body: bytes, number: int, latest: datetime | None, terms: Terms) -> tuple[str, bytes]:
        """Name and bytes of a run, never stamped before the run that it follows."""
        layout = self.files.layout
        envelope, length = layout.envelope, layout.length
        made_at = max(self.now(), latest or self.now()).astimezone(terms.zone).replace(microsecond=0)
        header = {
            envelope.file: layout.name,
            envelope.run: number,
            envelope.made.day: made_at.date(),
            envelope.made.time: made_at.time(),
            envelope.version: layout.version,
        }
        trailer = {envelope.count: len(body) // length, **self._sum(body, terms)}
        page = terms.code_page
        first, last = (
            (encode_record(layout, envelope.header, header, page)),
            encode_record(layout, envelope.trailer, trailer, page),
        )
        return f"{layout.name}_{made_at:{STAMP}}_{number:06d}.dat", first + body + last

    def _sum(self, body: bytes, terms: Terms) -> dict[str, object]:
        return {
            total.trailer_column: add_up(Decimal(0), total, body, layout=self.files.layout, terms=terms)
            for total in self.files.layout.totals
        }


def _own_key(resource: Resource, change: Change) -> str:
    """A file gives no keys, so that of a new record is one of its own fields."""
    return str(change.after.get(resource.key, ""))


def _plain(value: object) -> Any:
    """A document as Python values."""
    return msgspec.json.decode(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


def _rows(found: object, record: RecordLayout) -> list[dict[str, Any]]:
    rows = found if isinstance(found, list) else []
    if any(not isinstance(row, dict) for row in rows):
        raise ContractViolationError(
            f"The records {record.code} are not a list of objects; correct them at their source."
        )
    return rows
