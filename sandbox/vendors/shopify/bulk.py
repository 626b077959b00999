"""Bulk operations: a few at a time, each finished after some seconds, its result in a file on another host."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.shopify.bulk_query import BulkQuery, read_bulk_query
from sandbox.vendors.shopify.collections import gid, number_of, stamp
from sandbox.vendors.shopify.documents import DocumentError
from sandbox.vendors.shopify.refusals import Asked, MutationRefusedError, user_error

_ACTIVE = frozenset({"CREATED", "RUNNING"})
_SPOILED = {"failed": "FAILED", "expired": "EXPIRED", "canceled": "CANCELED"}


@dataclass(slots=True)
class Operation:
    """One operation; `fault` is the fault that is planted in it."""

    number: int
    query: BulkQuery
    created_at: str
    due: float
    fault: str = ""
    status: str = "CREATED"
    completed_at: str | None = None
    roots: int = 0
    lines: int = 0
    size: int | None = None


class Bulk:
    """The bulk operations of the shop; `host` is the host of the calls, and gives that of the files."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self.host = ""
        self._operations: dict[int, Operation] = {}
        self.reset()

    def reset(self) -> None:
        """Forget all operations and faults, and restore the limits of the current API."""
        self.seconds, self.concurrency = 0.05, 5
        self._fault, self._fault_files = "", 0
        for operation in self._operations.values():
            self._path(operation.number).unlink(missing_ok=True)
        self._operations.clear()

    def change(self, limits: Mapping[str, Any]) -> None:
        """Change how long an operation takes, how many may run, and which faults the next ones have."""
        self.seconds = float(limits.get("bulk_seconds", self.seconds))
        self.concurrency = int(limits.get("bulk_concurrency", self.concurrency))
        fault = limits.get("bulk_fault")
        if fault is not None:
            self._fault, self._fault_files = str(fault["kind"]), int(fault.get("files", 1))

    def start(self, text: str) -> Record:
        """Start an operation, if not too many run and the query can be run in bulk."""
        running = [operation for operation in self._operations.values() if self._now(operation).status in _ACTIVE]
        if len(running) >= self.concurrency:
            message = f"A bulk query operation for this app and shop is already in progress: {_id(running[0])}."
            raise MutationRefusedError([user_error(["query"], message, "OPERATION_IN_PROGRESS")])
        try:
            query = read_bulk_query(self._store, text)
        except DocumentError as refused:
            message = f"Invalid bulk query: {refused.errors[0]['message']}"
            raise MutationRefusedError([user_error(["query"], message, "INVALID")]) from refused
        number = len(self._operations) + 1
        created = stamp(self._store.clock.tick())
        operation = Operation(number, query, created, time.monotonic() + self.seconds, self._fault)
        self._operations[number] = operation
        return self._shown(operation)

    def find(self, record_id: str) -> Record | None:
        """The present state of an operation."""
        operation = self._operations.get(number_of(record_id))
        return self._shown(self._now(operation)) if operation else None

    def cancel(self, record_id: str) -> Record | None:
        """Cancel an operation that runs; one that has ended is not changed."""
        operation = self._operations.get(number_of(record_id))
        if operation is not None and self._now(operation).status in _ACTIVE:
            operation.status, operation.completed_at = "CANCELED", stamp(self._store.clock.tick())
        return self.find(record_id)

    def file(self, number: int) -> Path | None:
        """The result; under the fault `truncated` its end is missing as often as the fault says."""
        operation = self._operations.get(number)
        path = self._path(number)
        if operation is None or not path.exists():
            return None
        if operation.fault == "truncated" and self._fault_files > 0:
            self._fault_files -= 1
            cut = path.with_suffix(".cut")
            content = path.read_bytes()
            cut.write_bytes(content[: content.rfind(b"\n", 0, len(content) * 2 // 3) + 1])
            return cut
        return path

    def _now(self, operation: Operation) -> Operation:
        if operation.status not in _ACTIVE:
            return operation
        if operation.fault == "stuck" or time.monotonic() < operation.due:
            operation.status = "RUNNING"
            return operation
        operation.completed_at = stamp(self._store.clock.tick())
        operation.status = _SPOILED.get(operation.fault, "COMPLETED")
        if operation.status == "COMPLETED":
            self._write(operation)
        return operation

    def _write(self, operation: Operation) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(operation.number)
        with path.open("wb") as file:
            for line, is_root in operation.query.lines():
                file.write(line + b"\n")
                operation.roots += is_root
                operation.lines += 1
        operation.size = path.stat().st_size if operation.lines else None
        if not operation.lines:
            path.unlink()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.jsonl"

    def _shown(self, operation: Operation) -> Record:
        has_file = operation.size is not None
        # The same machine under another host name, as the vendor keeps its files with a storage company.
        host = self.host.replace("127.0.0.1", "localhost")
        return {
            "id": _id(operation),
            "status": operation.status,
            "errorCode": "TIMEOUT" if operation.status == "FAILED" else None,
            "query": operation.query.text,
            "createdAt": operation.created_at,
            "completedAt": operation.completed_at,
            "objectCount": str(operation.lines),
            "rootObjectCount": str(operation.roots),
            "fileSize": str(operation.size) if has_file else None,
            "url": f"http://{host}/bulk-results/{operation.number}.jsonl" if has_file else None,
            "partialDataUrl": None,
        }


def _id(operation: Operation) -> str:
    return gid("BulkOperation", operation.number)


def run_query(_: Store, asked: Asked) -> dict[str, Any]:
    """Starts an operation."""
    return {"bulkOperation": asked.bulk.start(asked.arguments["query"])}


def cancel_operation(_: Store, asked: Asked) -> dict[str, Any]:
    """Stops an operation."""
    found = asked.bulk.cancel(asked.arguments["id"])
    if found is None:
        raise MutationRefusedError([user_error(["id"], "Bulk operation does not exist")])
    return {"bulkOperation": found}
