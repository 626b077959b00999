"""The jobs of Bulk API 2.0: their settings, their states, and the faults that can be planted in them."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS
from sandbox.vendors.salesforce.errors import SalesforceError, not_found
from sandbox.vendors.salesforce.objects import long_id, stamp

OVER = frozenset({"JobComplete", "Failed", "Aborted"})
DEFAULTS: Mapping[str, Any] = {
    "page_rows": 50_000,
    "polls": 1,
    "list_size": 1_000,
    "user": "005Sb0000000001AAA",
    "fault": None,
}


def _this_second() -> str:
    """The time now in whole seconds, as jobs show it."""
    return stamp(time.time_ns() // 1_000_000_000 * 1_000_000)


@dataclass(slots=True)
class Job:
    """One job; it is shown as in progress for `polls` more requests of its state."""

    is_query: bool
    told: dict[str, Any]
    user: str
    polls: int
    id: str = field(default_factory=lambda: long_id(f"750Sb{secrets.token_hex(5)}"))
    state: str = "Open"
    created: str = field(default_factory=_this_second)
    message: str = ""
    content: bytes | None = None
    fault: Mapping[str, Any] | None = None
    row_faults: Mapping[str, Any] | None = None
    columns: list[str] = field(default_factory=list)
    succeeded: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)
    places: dict[str, tuple[int, tuple[int, Any] | None]] = field(default_factory=lambda: {"": (0, None)})
    total: int = 0

    @property
    def delimiter(self) -> str:
        """The separator of cells."""
        return DELIMITERS[self.told["columnDelimiter"]]

    @property
    def ending(self) -> str:
        """The line end."""
        return LINE_ENDINGS[self.told["lineEnding"]]

    @property
    def kind(self) -> str:
        """The kind of the planted fault, empty for none."""
        return str((self.fault or {}).get("kind", ""))

    def info(self, version: str) -> dict[str, Any]:
        """The job as the API shows it."""
        processed = self.total if self.is_query else len(self.succeeded) + len(self.failed)
        known: dict[str, Any] = {
            "id": self.id,
            **{name: value for name, value in self.told.items() if name != "query"},
            "createdById": self.user,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(version.removeprefix("v")),
            "jobType": "V2Query" if self.is_query else "V2Ingest",
            "retries": 0,
        }
        if not self.is_query and self.state == "Open":
            known["contentUrl"] = f"services/data/{version}/jobs/ingest/{self.id}/batches"
        if self.state in OVER:
            known |= {"numberRecordsProcessed": processed, "numberRecordsFailed": len(self.failed)}
        return known | ({"errorMessage": self.message} if self.message else {})

    def require(self, *states: str) -> None:
        """Refuse a call that the state of the job does not allow."""
        if self.state not in states:
            raise SalesforceError("INVALIDJOBSTATE", f"Invalid job state {self.state} for this operation")


class Jobs:
    """All jobs of an org; they are lost when the server ends."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self.limits: dict[str, Any] = dict(DEFAULTS)

    def open(self, told: Mapping[str, Any], *, is_query: bool) -> Job:
        """Open a job, with the next planted fault."""
        kept = {
            "operation": told.get("operation"),
            "object": told.get("object"),
            "columnDelimiter": told.get("columnDelimiter", "COMMA"),
            "lineEnding": told.get("lineEnding", "LF"),
        }
        for name in ("externalIdFieldName", "query"):
            if told.get(name):
                kept[name] = told[name]
        if kept["columnDelimiter"] not in DELIMITERS or kept["lineEnding"] not in LINE_ENDINGS:
            raise SalesforceError("INVALIDJOB", "unknown columnDelimiter or lineEnding")
        job = Job(is_query, kept, self.limits["user"], int(self.limits["polls"]), fault=self._due_fault())
        self._jobs[job.id] = job
        return job

    def _due_fault(self) -> Mapping[str, Any] | None:
        fault = self.limits["fault"]
        if not fault or int(fault.get("times", 1)) < 1:
            return None
        self.limits["fault"] = {**fault, "times": int(fault.get("times", 1)) - 1}
        return dict(fault)

    def get(self, job_id: str, *, is_query: bool) -> Job:
        """The job, or NOT_FOUND."""
        job = self._jobs.get(long_id(job_id))
        if job is None or job.is_query is not is_query:
            raise not_found()
        return job

    def delete(self, job: Job) -> None:
        """Delete a job; only one that has ended can be deleted."""
        job.require(*OVER, "UploadComplete")
        del self._jobs[job.id]

    def page(self, *, is_query: bool, after: int) -> tuple[list[Job], int | None]:
        """A page of the jobs of one kind, and the position of the next page."""
        found = [job for job in self._jobs.values() if job.is_query is is_query]
        end = after + int(self.limits["list_size"])
        return found[after:end], end if end < len(found) else None

    def clear(self) -> None:
        """Forget all jobs and limits."""
        self._jobs.clear()
        self.limits = dict(DEFAULTS)
