"""Writes by one ingest job of Bulk API 2.0, and finds the job again that a run before this one lost.

A job carries no name of ours. Concord's jobs are told by the separator of their cells, which nobody else
chooses, and what they did by the rows that their result files repeat. A job is deleted once its results
are read, so that those which are left were lost.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_common_ingest_sample.htm
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from concord.contract import Session
from concord.errors import ConcordError, OutcomeUnknownError, RequestError, ServerError, TransientError
from concord.http.salesforce_bulk_csv import read_results, write_upload
from concord.http.salesforce_bulk_jobs import (
    OPEN,
    Job,
    abort,
    discard,
    follow,
    hand_over,
    list_jobs,
    open_job,
)

Row = Mapping[str, str]
_DELIMITER = "CARET"
_DOWNLOADS = 3
_LOST_HOURS = 24


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is to do with its rows, of which `key` names each."""

    sobject: str
    operation: str
    key: str

    @property
    def external_id(self) -> str | None:
        """The field that an upsert goes by."""
        return self.key if self.operation == "upsert" else None

    def is_of(self, job: Job) -> bool:
        """Whether the job may be one of ours with this order."""
        return (
            (job.object, job.operation) == (self.sobject, self.operation)
            and job.column_delimiter in (None, _DELIMITER)
            and (job.external_id_field_name or self.external_id) == self.external_id
        )


@dataclass(slots=True)
class Results:
    """What became of the rows: those written, those refused, and those the job never came to."""

    job: Job
    written: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    untouched: list[Row] = field(default_factory=list)


def run_job(session: Session, path: str, order: Order, rows: Sequence[Row]) -> Results:
    """Send the rows by one job and wait for its results.

    A `RequestError` or a transient one means that nothing was written, an `OutcomeUnknownError` that the job
    was handed over and is not over; it stays, to be found again.
    """
    address = _begin(session, path, order, rows)
    try:
        results = read_files(session, address, follow(session, address))
    except ConcordError as error:
        raise OutcomeUnknownError(
            f"A bulk job was handed over, and what became of it is not known: {error.message}"
        ) from error
    discard(session, address)
    return results


def _begin(session: Session, path: str, order: Order, rows: Sequence[Row]) -> str:
    """A job that has its rows and works; where that fails it is stopped before it did anything."""
    body = {"object": order.sobject, "operation": order.operation, "contentType": "CSV", "lineEnding": "LF"}
    extra = {"externalIdFieldName": order.external_id} if order.external_id else {}
    address = f"{path}/{open_job(session, path, {**body, **extra, 'columnDelimiter': _DELIMITER}).id}"
    try:
        _upload(session, f"{address}/batches", write_upload(rows))
        hand_over(session, address)
    except (RequestError, TransientError):
        abort(session, address)
        discard(session, address)
        raise
    return address


def _upload(session: Session, address: str, content: bytes) -> None:
    """An upload is sent once: a job takes no second one. Until it is handed over nothing is written."""
    csv_session = session.with_headers({"Content-Type": "text/csv; charset=UTF-8"})
    try:
        csv_session.fetch("PUT", address, body=content, is_write=True)
    except OutcomeUnknownError as error:
        raise ServerError(
            f"The upload of a bulk job broke off, and nothing was written: {error.message}"
        ) from error


def read_files(session: Session, address: str, job: Job) -> Results:
    """The result files of a job that is over; a file that lacks rows is asked for again."""
    failed = job.number_records_failed or 0
    written = (job.number_records_processed or 0) - failed
    return Results(
        job,
        _read_file(session, f"{address}/successfulResults", written),
        _read_file(session, f"{address}/failedResults", failed),
        _read_file(session, f"{address}/unprocessedrecords", 0),
    )


def _read_file(session: Session, address: str, expected: int) -> list[Row]:
    """Rows that stay away are not made up: their changes end unknown."""
    csv_session = session.with_headers({"Accept": "text/csv"})
    rows: list[Row] = []
    for _ in range(_DOWNLOADS):
        rows = list(read_results(csv_session.fetch("GET", address).body))
        if len(rows) >= expected:
            break
    return rows


def find_lost(session: Session, path: str, orders: Iterable[Order]) -> Iterator[tuple[Order, Results]]:
    """The results of jobs that were handed over and never settled; those still at work are waited for.

    One that was not handed over is stopped. `bulk_lost_hours` in the connection's extra is how far to look back.
    """
    since = datetime.now(UTC) - timedelta(hours=session.connection.number("bulk_lost_hours", _LOST_HOURS))
    try:
        jobs = [job for job in list_jobs(session, path) if job.created_at is None or job.created_at > since]
    except RequestError:  # who may not use bulk jobs has lost none
        return
    for order in orders:
        for job in filter(order.is_of, jobs):
            address = f"{path}/{job.id}"
            if job.state == OPEN:
                abort(session, address)
                discard(session, address)
            elif (results := _read_lost(session, address)) is not None:
                yield order, results


def _read_lost(session: Session, address: str) -> Results | None:
    """None for one that somebody deleted meanwhile."""
    try:
        return read_files(session, address, follow(session, address))
    except RequestError:
        return None
