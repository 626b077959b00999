"""Writes HubSpot's objects a hundred a call; each result is told by the trace id that its change was sent with.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/batch
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from concord.contract import ARCHIVE, Change, Outcome, Resource, Session
from concord.errors import ConcordError
from concord.http.guards import read_records, split_moved, value_at
from concord.http.hubspot_objects import HubSpotApi
from concord.http.outcomes import confirmed, rejected, settle_all, unknown
from concord.http.paging import ask
from concord.http.sobjects import vendor_values

_TRACE = "objectWriteTraceId"


class _Result(msgspec.Struct, rename="camel"):
    id: str
    object_write_trace_id: str = ""


class _Error(msgspec.Struct):
    category: str = ""
    message: str = ""
    context: dict[str, list[str]] = {}


class _Answer(msgspec.Struct):
    results: list[_Result]
    errors: list[_Error] = []


_answer = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class HubSpotBatches:
    """Updates by id after a look at the guard; creates as upserts by `unique`, so that they can be repeated.

    An archive has a call of its own.
    """

    api: HubSpotApi
    kind: str
    unique: str = ""
    size: int = 100

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        ready, outcomes, _ = split_moved(session, resource, changes)
        creates = [change for change in ready if change.key is None]
        archived = [change for change in ready if change.action == ARCHIVE]
        sent = {change.change_id for change in (*creates, *archived)}
        updates = [change for change in ready if change.change_id not in sent]
        outcomes = settle_all(
            [group for group in (updates, creates) if group],
            lambda group: self._send(session, resource, group),
            outcomes,
        )
        if not archived:
            return outcomes
        return settle_all([archived], lambda group: self._archive(session, resource, group), outcomes)

    def _send(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        is_new = changes[0].key is None
        nameless = [change for change in changes if is_new and not change.after.get(self.unique)]
        inputs = [self._input(resource, change) for change in changes if change not in nameless]
        outcomes = [rejected(change, f"A new record needs its {self.unique}.") for change in nameless]
        if not inputs:
            return outcomes
        path = self.api.path(session, self.kind, "/batch/upsert" if is_new else "/batch/update")
        answer = ask(session, _answer, "POST", path, body={"inputs": inputs}, is_write=True)
        return [*outcomes, *_told(changes, answer)]

    def _input(self, resource: Resource, change: Change) -> dict[str, object]:
        named = vendor_values(resource, change.after)
        properties = {name: _as_text(value) for name, value in named.items()}
        if change.key is not None:
            return {"id": change.key, "properties": properties, _TRACE: change.change_id}
        field = resource.field(self.unique)
        value = properties.pop(field.parts[-1])
        return {"id": value, "idProperty": field.parts[-1], "properties": properties, _TRACE: change.change_id}

    def _archive(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """The answer is yes whatever happened, so the records are looked at again."""
        body = {"inputs": [{"id": change.key} for change in changes]}
        path = self.api.path(session, self.kind, "/batch/archive")
        session.send("POST", path, body=body, is_write=True)
        try:
            records = read_records(session, resource, [str(change.key) for change in changes])
        except ConcordError:
            return [unknown(change, "It was sent, and cannot be read back now.") for change in changes]
        deleted = resource.field(resource.deleted)
        live = {key for key, record in records.items() if not value_at(record, deleted)}
        return [
            unknown(change, "It was sent, and the record is still there.")
            if change.key in live
            else confirmed(change)
            for change in changes
        ]


def _told(changes: Sequence[Change], answer: _Answer) -> Iterable[Outcome]:
    """What the answer says of each change; of one it does not name nothing is known."""
    by_trace = {change.change_id: change for change in changes}
    for result in answer.results:
        change = by_trace.pop(result.object_write_trace_id, None)
        if change is not None:
            yield confirmed(change, result.id)
    for error in answer.errors:
        for trace in error.context.get(_TRACE, []):
            change = by_trace.pop(trace, None)
            if change is not None:
                yield rejected(change, f"{error.category}: {error.message}")


def _as_text(value: object) -> str:
    """All values travel as text; an empty one clears the property."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
