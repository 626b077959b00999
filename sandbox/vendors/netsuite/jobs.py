"""Asynchronous batches: a job for up to 100 records of one type, and a result for each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.netsuite.errors import NetSuiteError, nonexistent
from sandbox.vendors.netsuite.kinds import Kind
from sandbox.vendors.netsuite.records import EXTERNAL, Records

MOST_RECORDS = 100
_JOBS, _KEYS, _SEQUENCE = "job", "idempotency", "sequence"
_OPERATIONS = {"POST": "batch_create", "PATCH": "batch_update", "PUT": "batch_upsert"}
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """One submission."""

    method: str
    kind: Kind
    items: list[Record]
    is_strict: bool
    base: str

    @property
    def operation(self) -> str:
        """The name of the call in the log."""
        return f"{_OPERATIONS[self.method]}:{self.kind.name}"


def name_of(item: Mapping[str, Any]) -> str:
    """How an item names its record: the internal id takes precedence."""
    if item.get("id"):
        return str(item["id"])
    return f"{EXTERNAL}{item['externalId']}" if item.get("externalId") else ""


class Jobs:
    """The jobs of one account; a new one needs `polls` requests of its state until it is done."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store, self._records = store, records
        self.polls = 1
        self.is_reversed = False
        self.row_faults: Mapping[str, Any] | None = None

    def submit(self, batch: Batch, key: str | None) -> str:
        """Carry the batch out and give the number of its job; a used idempotency key is refused."""
        known = self._store.noted(_KEYS, key) if key else None
        if known is not None:
            detail = "The request with this idempotency key has been sent already."
            headers = {"location": f"{batch.base}/services/rest/async/v1/job/{known}"}
            raise NetSuiteError("IDEMPOTENCY_ERROR", detail, headers=headers)
        if not batch.items or len(batch.items) > MOST_RECORDS:
            detail = f"The number of records in the request must be between 1 and {MOST_RECORDS}."
            raise NetSuiteError("INVALID_REQUEST", detail)
        results: list[Result] = []
        with self._store.transaction():
            results.extend(self._one(batch, place, item) for place, item in enumerate(batch.items))
        number = int(self._store.noted(_SEQUENCE, "jobs") or 0) + 1
        self._store.note(_SEQUENCE, "jobs", number)
        self._store.note(_JOBS, str(number), {"polls": self.polls, "results": results})
        if key:
            self._store.note(_KEYS, key, number)
        return str(number)

    def show(self, number: str, base: str) -> Result:
        """The state of the job; each request of it lets the job go on."""
        job = self._job(number)
        is_done = job["polls"] <= 0
        if not is_done and job["polls"] < 1000:
            self._store.note(_JOBS, number, {**job, "polls": job["polls"] - 1})
        address = f"{base}/services/rest/async/v1/job/{number}"
        return {
            "links": [_link(address)],
            "completed": is_done,
            "id": number,
            "progress": "succeeded" if is_done else "processing",
            "task": {"links": [_link(f"{address}/task")]},
        }

    def tasks(self, number: str, base: str) -> Result:
        """One task for each record."""
        count = len(self._job(number)["results"])
        address = f"{base}/services/rest/async/v1/job/{number}/task"
        items = [{"links": [_link(f"{address}/{place}")], "id": str(place)} for place in range(1, count + 1)]
        listed = items[::-1] if self.is_reversed else items
        return {
            "links": [_link(address)],
            "items": listed,
            "count": count,
            "hasMore": False,
            "offset": 0,
            "totalResults": count,
        }

    def result(self, number: str, task: str) -> Result:
        """The response that a call for this record alone would have got."""
        results = self._job(number)["results"]
        if not task.isdecimal() or not 1 <= int(task) <= len(results):
            raise nonexistent()
        return dict(results[int(task) - 1])

    def _job(self, number: str) -> dict[str, Any]:
        job = self._store.noted(_JOBS, number)
        if job is None:
            raise nonexistent()
        return dict(job)

    def _one(self, batch: Batch, place: int, item: Record) -> Result:
        try:
            with self._store.savepoint():
                self._fail_as_planted(place)
                record = _WRITES[batch.method](self._records, batch, item)
        except NetSuiteError as refused:
            return {"status": refused.status, "body": refused.body()}
        return {
            "status": 204,
            "location": f"{batch.base}/services/rest/record/v1/{batch.kind.name}/{record['id']}",
        }

    def _fail_as_planted(self, place: int) -> None:
        fault = self.row_faults
        if fault is not None and place in fault.get("rows", [place]):
            message = str(fault.get("message", "Record has been changed."))
            raise NetSuiteError(str(fault.get("code", "RCRD_HAS_BEEN_CHANGED")), message)


def _link(address: str) -> dict[str, str]:
    return {"rel": "self", "href": address}


def _create(records: Records, batch: Batch, item: Record) -> Record:
    return records.create(batch.kind, item, operation=batch.operation, is_strict=batch.is_strict)


def _update(records: Records, batch: Batch, item: Record) -> Record:
    record = records.get(batch.kind, name_of(item))
    return records.update(batch.kind, record, item, operation=batch.operation, is_strict=batch.is_strict)


def _upsert(records: Records, batch: Batch, item: Record) -> Record:
    if not item.get("externalId"):
        raise NetSuiteError("INVALID_REQUEST", "The upsert operation needs an external ID for each record.")
    name = f"{EXTERNAL}{item['externalId']}"
    return records.upsert(batch.kind, name, item, operation=batch.operation, is_strict=batch.is_strict)


_WRITES: dict[str, Callable[[Records, Batch, Record], Record]] = {
    "POST": _create,
    "PATCH": _update,
    "PUT": _upsert,
}
