"""Writes HubSpot's objects a hundred a call; each result names the trace id of its change.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/batch
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from concord.contract import ARCHIVE, Change, Outcome, Resource, Session
from concord.errors import ConcordError
from concord.protocols.reading import ask
from concord.protocols.values import vendor_values
from concord.protocols.writing import check_changes, confirmed, is_gone, read_records, rejected, unknown
from concord.systems.hubspot.objects import HubSpotApi

_TRACE = "objectWriteTraceId"


class _Result(msgspec.Struct, rename="camel"):
    id: str
    object_write_trace_id: str = ""


class _Error(msgspec.Struct):
    category: str = ""
    message: str = ""
    context: dict[str, list[str]] = {}


class _Results(msgspec.Struct):
    results: list[_Result]
    errors: list[_Error] = []


_results = msgspec.json.Decoder(_Results)


@dataclass(frozen=True, slots=True)
class HubSpotBatches:
    """Updates by id after a look at the guard; creates as upserts by the natural key, which can be repeated."""

    api: HubSpotApi
    kind: str
    size: int = 100
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        checked = check_changes(session, resource, changes, upserts=True)
        return checked.send(lambda group: self._send(session, resource, group), self.size)

    def _send(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        if changes[0].action == ARCHIVE:
            return self._archive(session, resource, changes)
        path = self.api.path(session, self.kind, f"/batch/{'update' if changes[0].key else 'upsert'}")
        body = {"inputs": [self._input(resource, change) for change in changes]}
        return list(_outcomes(changes, ask(session, _results, "POST", path, body=body, is_write=True)))

    def _input(self, resource: Resource, change: Change) -> dict[str, object]:
        named = vendor_values(resource, change.after)
        properties = {name: _as_text(value) for name, value in named.items()}
        if change.key is not None:
            return {"id": change.key, "properties": properties, _TRACE: change.change_id}
        field = resource.field(resource.natural_key[0])
        value = properties.pop(field.parts[-1])
        return {"id": value, "idProperty": field.parts[-1], "properties": properties, _TRACE: change.change_id}

    def _archive(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """The vendor reports success for any ids, so the records are read again."""
        body = {"inputs": [{"id": change.key} for change in changes]}
        path = self.api.path(session, self.kind, "/batch/archive")
        session.send("POST", path, body=body, is_write=True)
        try:
            records = read_records(session, resource, [str(change.key) for change in changes])
        except ConcordError:
            return [unknown(change, "It was sent, and cannot be read back now.") for change in changes]
        return [
            confirmed(change)
            if is_gone(resource, records.get(str(change.key)))
            else unknown(change, "It was sent, and the record is still there.")
            for change in changes
        ]


def _outcomes(changes: Sequence[Change], found: _Results) -> Iterable[Outcome]:
    """The outcomes of the changes that the results name by their trace id."""
    by_trace = {change.change_id: change for change in changes}
    for result in found.results:
        change = by_trace.pop(result.object_write_trace_id, None)
        if change is not None:
            yield confirmed(change, result.id)
    for error in found.errors:
        for trace in error.context.get(_TRACE, []):
            change = by_trace.pop(trace, None)
            if change is not None:
                yield rejected(change, f"{error.category}: {error.message}")


def _as_text(value: object) -> str:
    """All values travel as text; an empty one clears the property."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
