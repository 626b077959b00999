"""Writes changes as one more run of a flat file: whole, under its final name in one step, or not at all.

A file cannot be changed once the host may have taken it, so an update is a newer record with the same key, made of
the bytes of the one before: what the change does not name stays, whether a column names it or not. A change that
does not fit the layout, or would be read back otherwise, is rejected, and the others are written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ContractViolationError, ServerError
from concord.protocols.files.checks import read_as_written
from concord.protocols.files.depot import Depot
from concord.protocols.files.encoding import HeldRecord, encode_record
from concord.protocols.files.held import held_records
from concord.protocols.files.inspection import add_up
from concord.protocols.files.layout import RecordLayout
from concord.protocols.files.reading import FlatFiles
from concord.protocols.files.runs import STAMP, Terms, list_runs, read_terms
from concord.protocols.files.storage import NameTakenError
from concord.protocols.values import Record, decode_document
from concord.protocols.writing import check_changes, confirmed, key_of, rejected, settle_all

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
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change: all that fit go into one file."""
        checked = check_changes(session, replace(resource, read=replace(self.files, with_bytes=True)), changes)
        outcomes = checked.ended
        fitting: dict[str, tuple[str, bytes]] = {}
        for change in checked.ready:
            try:
                fitting[change.change_id] = self._encode(session, resource, change, checked.records)
            except ContractViolationError as error:
                outcomes.append(rejected(change, error.message))
        sent = [change for change in checked.ready if change.change_id in fitting]
        if not sent:
            return outcomes
        return settle_all([sent], lambda group: self._send(session, resource, group, fitting), outcomes)

    def _encode(
        self, session: Session, resource: Resource, change: Change, records: Mapping[str, Record]
    ) -> tuple[str, bytes]:
        """Key and bytes of one change: the present record, with the values of the change over it."""
        layout, terms = self.files.layout, read_terms(session, self.files.layout)
        held = records.get(change.key) if change.key is not None else None
        values: dict[str, Any] = {item.path: None for item in resource.fields} | dict(held or {})
        for name, value in change.after.items():
            values[resource.field(name).path] = decode_document(value)
        values = self.complete(values)
        if not values.get(resource.field(resource.key).path):
            raise ContractViolationError(
                f"It has no {resource.key}, and a file gives none; fill it at its source."
            )
        pieces = []
        for record in layout.records:
            rows = _rows(values, record)
            before: Sequence[HeldRecord | None] = held_records(record, held, rows, terms.code_page)
            pieces += [
                encode_record(layout, record, row, terms.code_page, held=one)
                for row, one in zip(rows, before or [None] * len(rows), strict=True)
            ]
        content = b"".join(pieces)
        return key_of(resource, read_as_written(resource, change, content, layout=layout, terms=terms)), content

    def _send(
        self,
        session: Session,
        resource: Resource,
        changes: Sequence[Change],
        fitting: Mapping[str, tuple[str, bytes]],
    ) -> list[Outcome]:
        body = b"".join(fitting[change.change_id][1] for change in changes)
        terms = read_terms(session, self.files.layout)
        with Depot(session) as depot:
            for _ in range(_NUMBERS_TRIED):
                runs = list_runs(depot, self.files.layout, self.files.folders, terms)
                number = max((run.number for run in runs), default=0) + 1
                latest = max((run.counts_at for run in runs), default=None)
                name, content = self._make_file(body, number, latest, terms)
                try:
                    depot.put(self.folder, name, content)
                except NameTakenError:
                    continue
                return [confirmed(change, change.key or fitting[change.change_id][0]) for change in changes]
        raise ServerError(
            f"Other programs number their files of {self.files.layout.name} at the same time; try again later."
        )

    def _make_file(self, body: bytes, number: int, latest: datetime | None, terms: Terms) -> tuple[str, bytes]:
        """Name and bytes of a run; its time is not before that of the run before it."""
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
        first = encode_record(layout, envelope.header, header, page)
        last = encode_record(layout, envelope.trailer, trailer, page)
        return f"{layout.name}_{made_at:{STAMP}}_{number:06d}.dat", first + body + last

    def _sum(self, body: bytes, terms: Terms) -> dict[str, object]:
        return {
            total.trailer_column: add_up(Decimal(0), total, body, layout=self.files.layout, terms=terms)
            for total in self.files.layout.totals
        }


def _rows(values: Record, record: RecordLayout) -> list[Record]:
    """The values of each record of a type that a change makes."""
    if record.belongs is None:
        return [values]
    found = values.get(record.belongs.list_name)
    rows = found if isinstance(found, list) else []
    if any(not isinstance(row, dict) for row in rows):
        raise ContractViolationError(
            f"The records {record.code} are not a list of objects; correct them at their source."
        )
    return rows
