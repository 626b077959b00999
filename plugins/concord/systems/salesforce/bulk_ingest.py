"""Writes by one ingest job of Bulk API 2.0, and finds jobs that an interrupted run left behind.

A job cannot carry a name of ours. Concord's jobs are recognised by the separator of their cells, which other
programs hardly choose, and what they did by the rows that their result files repeat. A job is deleted once its
results are read, so a job of ours that is still there was left behind.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_common_ingest_sample.htm
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from concord.contract import Session
from concord.errors import ConcordError, OutcomeUnknownError, RequestError, ServerError, TransientError
from concord.systems.salesforce.bulk_csv import read_results, write_upload
from concord.systems.salesforce.bulk_jobs import (
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
class JobKind:
    """What a job does: the object, `update` or `upsert`, and the column `key` that tells its rows apart."""

    sobject: str
    operation: str
    key: str

    @property
    def external_id(self) -> str | None:
        """The column by which an upsert finds its record, None for an update."""
        return self.key if self.operation == "upsert" else None

    def is_of(self, job: Job) -> bool:
        """Whether the job may be one of this kind that Concord has opened."""
        return (
            (job.object, job.operation) == (self.sobject, self.operation)
            and job.column_delimiter in (None, _DELIMITER)
            and (job.external_id_field_name or self.external_id) == self.external_id
        )


@dataclass(slots=True)
class Results:
    """What became of the rows: those written, those refused, and those that the job did not reach."""

    job: Job
    written: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    untouched: list[Row] = field(default_factory=list)


def run_job(session: Session, path: str, kind: JobKind, rows: Sequence[Row]) -> Results:
    """Send the rows by one job and wait for its results.

    A `RequestError` or `TransientError` means that nothing was written, an `OutcomeUnknownError` that the job was
    started and its results could not be read; that job stays at the vendor's, for `find_lost`.
    """
    address = _begin(session, path, kind, rows)
    try:
        results = read_files(session, address, follow(session, address))
    except ConcordError as error:
        raise OutcomeUnknownError(
            f"A bulk job was handed over, and what became of it is not known: {error.message}"
        ) from error
    discard(session, address)
    return results


def _begin(session: Session, path: str, kind: JobKind, rows: Sequence[Row]) -> str:
    """The address of a job that has its rows and was started; if that fails, it is stopped before it writes."""
    body = {"object": kind.sobject, "operation": kind.operation, "contentType": "CSV", "lineEnding": "LF"}
    extra = {"externalIdFieldName": kind.external_id} if kind.external_id else {}
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
    """Send the rows, once: a job takes no second upload. Nothing is written before the job is started."""
    csv_session = session.with_headers({"Content-Type": "text/csv; charset=UTF-8"})
    try:
        csv_session.fetch("PUT", address, body=content, is_write=True)
    except OutcomeUnknownError as error:
        raise ServerError(
            f"The upload of a bulk job broke off, and nothing was written: {error.message}"
        ) from error


def read_files(session: Session, address: str, job: Job) -> Results:
    """The result files of a job that has ended; a file that lacks rows is downloaded again."""
    failed = job.number_records_failed or 0
    written = (job.number_records_processed or 0) - failed
    return Results(
        job,
        _read_file(session, f"{address}/successfulResults", written),
        _read_file(session, f"{address}/failedResults", failed),
        _read_file(session, f"{address}/unprocessedrecords", 0),
    )


def _read_file(session: Session, address: str, expected: int) -> list[Row]:
    """The rows of a result file; changes whose rows stay missing are of unknown outcome."""
    csv_session = session.with_headers({"Accept": "text/csv"})
    rows: list[Row] = []
    for _ in range(_DOWNLOADS):
        rows = list(read_results(csv_session.fetch("GET", address).body))
        if len(rows) >= expected:
            break
    return rows


def find_lost(session: Session, path: str, kinds: Iterable[JobKind]) -> Iterator[tuple[JobKind, Results]]:
    """The results of jobs that were started and whose results were never read; running jobs are waited for.

    One that was not handed over is stopped. `bulk_lost_hours` in the connection's extra is how far to look back.
    """
    since = datetime.now(UTC) - timedelta(hours=session.connection.number("bulk_lost_hours", _LOST_HOURS))
    try:
        jobs = [job for job in list_jobs(session, path) if job.created_at is None or job.created_at > since]
    except RequestError:  # a user who may not use bulk jobs has none
        return
    for kind in kinds:
        for job in filter(kind.is_of, jobs):
            address = f"{path}/{job.id}"
            if job.state == OPEN:
                abort(session, address)
                discard(session, address)
            elif (results := _read_lost(session, address)) is not None:
                yield kind, results


def _read_lost(session: Session, address: str) -> Results | None:
    """The results of a job, None where it was deleted meanwhile."""
    try:
        return read_files(session, address, follow(session, address))
    except RequestError:
        return None
