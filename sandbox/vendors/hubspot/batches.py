"""Batches of up to a hundred records: a result for each where every input has a trace id, else all or none.

The results come in another order than the inputs.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.hubspot import writes
from sandbox.vendors.hubspot.errors import HubSpotError, invalid_request
from sandbox.vendors.hubspot.objects import ObjectType, shown, stamp

LARGEST = 100
_NO_PARTS = frozenset({"email"})
Input = dict[str, Any]
Reply = tuple[int, Any]
Done = tuple[Record, dict[str, Any]]


class Batches:
    """The batch calls of one account; `row_faults` says which rows of the next batch fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.row_faults: Mapping[str, Any] | None = None

    def read(self, kind: ObjectType, body: dict[str, Any], *, is_archived: bool) -> Reply:
        """The records that exist; the missing ones are errors in the same response."""
        names, id_property = body.get("properties") or [], str(body.get("idProperty") or "")
        found: dict[str, Record] = {}
        missing = []
        for item in _inputs(body):
            name = str(item["id"])
            try:
                record = writes.existing(self._store, kind, name, id_property=id_property, is_archived=is_archived)
            except HubSpotError as refused:
                if refused.category != "OBJECT_NOT_FOUND":
                    raise
                missing.append(name)
            else:
                found[record["id"]] = shown(kind, record, names)
        errors = []
        if missing:
            lost = HubSpotError("OBJECT_NOT_FOUND", f"Could not get some {kind.name}, they may be deleted")
            errors = [lost.result({"ids": missing})]
        return self._told(list(found.values()), errors, good=200)

    def create(self, kind: ObjectType, body: dict[str, Any]) -> Reply:
        """New records."""

        def one(item: Input) -> Done:
            properties = item.get("properties") or {}
            return writes.create(self._store, kind, properties, operation=f"create:{kind.name}"), {}

        return self._carry_out(kind, _inputs(body), one, good=201)

    def update(self, kind: ObjectType, body: dict[str, Any]) -> Reply:
        """Change records, found by id or by a unique property."""
        inputs = _inputs(body)
        _refuse_doubles(inputs)

        def one(item: Input) -> Done:
            record = writes.existing(
                self._store, kind, str(item["id"]), id_property=str(item.get("idProperty") or "")
            )
            properties = item.get("properties") or {}
            return writes.update(self._store, kind, record, properties, operation=f"update:{kind.name}"), {}

        return self._carry_out(kind, inputs, one, good=200)

    def upsert(self, kind: ObjectType, body: dict[str, Any]) -> Reply:
        """Change or create the record with each unique value; by e-mail address all or none."""
        inputs = _inputs(body)
        _refuse_doubles(inputs)
        used = {str(item.get("idProperty") or "") for item in inputs}
        if len(used) > 1:
            raise invalid_request("All inputs of a batch must have the same idProperty")
        name = writes.unique_property(kind, used.pop())

        def one(item: Input) -> Done:
            value, properties = str(item["id"]), item.get("properties") or {}
            operation = f"upsert:{kind.name}"
            try:
                record = writes.existing(self._store, kind, value, id_property=name)
            except HubSpotError:
                made = writes.create(self._store, kind, {**properties, name: value}, operation=operation)
                return made, {"new": True}
            return writes.update(self._store, kind, record, properties, operation=operation), {"new": False}

        return self._carry_out(kind, inputs, one, good=200, has_parts=name not in _NO_PARTS)

    def archive(self, kind: ObjectType, body: dict[str, Any]) -> Reply:
        """Archive records; unknown ids are accepted as well."""
        with self._store.transaction():
            for item in _inputs(body):
                writes.archive(self._store, kind, str(item["id"]), operation=f"archive:{kind.name}")
        return 204, None

    def _carry_out(
        self,
        kind: ObjectType,
        inputs: list[Input],
        one: Callable[[Input], Done],
        *,
        good: int,
        has_parts: bool = True,
    ) -> Reply:
        traces = [str(item.get("objectWriteTraceId") or "") for item in inputs]
        has_parts = has_parts and all(traces) and len(set(traces)) == len(traces)
        results, errors = [], []
        with self._store.transaction():
            for place, (item, trace) in enumerate(zip(inputs, traces, strict=True)):
                try:
                    with self._store.savepoint():
                        self._fail_row(place)
                        record, more = one(item)
                except HubSpotError as refused:
                    if not has_parts:
                        raise
                    errors.append(refused.result(self._named(trace)))
                else:
                    told = shown(kind, record, item.get("properties") or {})
                    results.append({**told, **more, **({"objectWriteTraceId": trace} if trace else {})})
        return self._told(results, errors, good=good)

    def _fail_row(self, place: int) -> None:
        if self.row_faults is not None and place in self.row_faults.get("rows", [0]):
            raise invalid_request(str(self.row_faults.get("message", "This record cannot be written now.")))

    def _named(self, trace: str) -> dict[str, list[str]]:
        hides = self.row_faults is not None and self.row_faults.get("untraced")
        return {} if hides else {"objectWriteTraceId": [trace]}

    def _told(self, results: list[Record], errors: list[dict[str, Any]], *, good: int) -> Reply:
        now = stamp(self._store.clock.tick())
        answer: dict[str, Any] = {"status": "COMPLETE", "startedAt": now, "completedAt": now}
        answer["results"] = results[::-1]
        if not errors:
            return good, answer
        return 207, {**answer, "numErrors": len(errors), "errors": errors}


def _inputs(body: dict[str, Any]) -> list[Input]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise invalid_request("Invalid input JSON: inputs must be a list")
    if len(inputs) > LARGEST:
        raise invalid_request(f"A batch takes {LARGEST} inputs at most, this one has {len(inputs)}")
    return inputs


def _refuse_doubles(inputs: list[Input]) -> None:
    ids = [str(item.get("id")) for item in inputs]
    if len(set(ids)) < len(ids):
        raise invalid_request("Duplicate IDs found in batch input")
