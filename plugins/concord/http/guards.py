"""Reads the records of an update right before it is sent, and sets aside those that moved since the plan."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from concord.contract import ARCHIVE, Change, Outcome, Resource, Session
from concord.errors import ServerError
from concord.fields import Field, Kind
from concord.http.outcomes import confirmed, conflicted

Record = Mapping[str, Any]
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def read_records(session: Session, resource: Resource, keys: Sequence[str]) -> dict[str, Record]:
    """The present records by key."""
    found: dict[str, Record] = {}
    for page in resource.read.read_matching(session, resource, resource.key, keys):
        for raw in page:
            record = decode_record(resource, raw)
            found[str(value_at(record, resource.field(resource.key)))] = record
    return found


def decode_record(resource: Resource, raw: msgspec.Raw) -> Record:
    """One record as Python values; numbers keep their digits."""
    try:
        return _decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise ServerError(
            f"A record of {resource.name} came back in another form than declared; nothing was written."
        ) from error


def value_at(record: Record, field: Field) -> Any:
    """What a decoded record holds at a field's path, None where it holds nothing."""
    value: Any = record
    for part in field.parts:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def split_moved(
    session: Session, resource: Resource, changes: Sequence[Change]
) -> tuple[list[Change], list[Outcome], dict[str, Record]]:
    """The changes whose guard still holds, the outcomes of the others, and the records as they are now."""
    keys = [change.key for change in changes if change.key is not None]
    records = read_records(session, resource, keys) if keys else {}
    return *split_known(resource, changes, records), records


def split_known(
    resource: Resource, changes: Sequence[Change], records: Mapping[str, Record]
) -> tuple[list[Change], list[Outcome]]:
    """The changes whose guard holds in records that were just read, and the outcomes of the others.

    What should be archived and is gone already is as it should be: nothing is sent for it.
    """
    ready: list[Change] = []
    ended: list[Outcome] = []
    for change in changes:
        record = None if change.key is None else records.get(change.key)
        moved = None if change.key is None else _moved(resource, change, record)
        if change.action == ARCHIVE and _is_gone(resource, record):
            ended.append(confirmed(change))
        elif moved:
            ended.append(conflicted(change, moved))
        else:
            ready.append(change)
    return ready, ended


def split_existing(
    session: Session, resource: Resource, creates: Sequence[Change]
) -> tuple[list[Change], list[Outcome]]:
    """The creates to send, and the outcomes of those that are there already, from a call whose answer was lost."""
    name = resource.writes.find_by if resource.writes else ""
    wanted = {str(item.after[name]) for item in creates if item.after.get(name) is not None}
    if not wanted:
        return list(creates), []
    found: dict[str, str] = {}
    for page in resource.read.read_matching(session, resource, name, sorted(wanted)):
        for raw in page:
            record = decode_record(resource, raw)
            value = str(value_at(record, resource.field(name)))
            found.setdefault(value, str(value_at(record, resource.field(resource.key))))
    keys = [(change, found.get(str(change.after.get(name)))) for change in creates]
    left = [change for change, key in keys if key is None]
    return left, [confirmed(change, key) for change, key in keys if key is not None]


def _moved(resource: Resource, change: Change, record: Record | None) -> str:
    """Why a change must not be sent, empty when it may be."""
    if record is None:
        return "The record is gone from the target; the next plan will look at it again."
    if _is_gone(resource, record):
        return "The record was deleted at the target; the next plan will look at it again."
    guard = resource.writes.guard if resource.writes else ""
    if not guard or change.guard.get(guard) is None:
        return ""
    field = resource.field(guard)
    if are_same(field.kind, change.guard[guard], value_at(record, field)):
        return ""
    return f"The target has changed since the plan was made ({guard} moved); the next plan will look at it again."


def _is_gone(resource: Resource, record: Record | None) -> bool:
    if record is None:
        return True
    return bool(resource.deleted) and value_at(record, resource.field(resource.deleted)) in (True, 1, "true")


def are_same(kind: Kind, expected: object, found: object) -> bool:
    """Whether two spellings of a value of this kind mean the same."""
    if expected is None or found is None:
        return expected is found
    if kind is Kind.TIMESTAMP:
        return read_moment(expected) == read_moment(found) is not None
    if kind in (Kind.INTEGER, Kind.DECIMAL):
        return _number(expected) == _number(found) is not None
    return str(expected) == str(found)


def read_moment(value: object) -> datetime | None:
    """An ISO time in UTC, which it is taken for where it names no zone; None for anything else."""
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(str(value))
        except ValueError:
            return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
