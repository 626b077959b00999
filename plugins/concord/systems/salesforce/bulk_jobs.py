"""The life of a job of Bulk API 2.0: polled to its end, and deleted afterwards.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm
"""

import logging
from collections.abc import Iterator
from datetime import datetime

import msgspec

from concord.contract import Session
from concord.errors import ConcordError, OutcomeUnknownError, RequestError, ServerError
from concord.protocols.reading import Pages, ask
from concord.protocols.session.retries import Backoff, poll, retry

OPEN, COMPLETE, ABORTED = "Open", "JobComplete", "Aborted"
OVER = frozenset({COMPLETE, "Failed", ABORTED})
_POLLS = 360
_HAND_OVERS = Backoff(attempts=3, first_wait=0.0)

_logger = logging.getLogger(__name__)


class Job(msgspec.Struct, rename="camel"):
    """The state of a job, as Salesforce reports it."""

    id: str
    state: str
    operation: str = ""
    object: str = ""
    external_id_field_name: str | None = None
    column_delimiter: str | None = None
    created_date: str = ""
    number_records_processed: int | None = None
    number_records_failed: int | None = None
    error_message: str | None = None

    @property
    def reason(self) -> str:
        """Why it failed or was aborted."""
        return self.error_message or "it gives no reason"

    @property
    def created_at(self) -> datetime | None:
        """When it was opened, in whole seconds; None where that is not reported."""
        try:
            return datetime.fromisoformat(self.created_date)
        except ValueError:
            return None


class _Listed(msgspec.Struct, rename="camel"):
    records: list[Job]
    next_records_url: str | None = None


_job = msgspec.json.Decoder(Job)
_listed = msgspec.json.Decoder(_Listed)


def open_job(session: Session, path: str, body: object) -> Job:
    """A new job; the call may be repeated, for a job without rows that stays open does nothing."""
    return ask(session, _job, "POST", path, body=body)


def read_job(session: Session, address: str) -> Job:
    """The present state of the job."""
    return ask(session, _job, "GET", address)


def follow(session: Session, address: str) -> Job:
    """The job at its end; a job that does not come to one is a `ServerError`."""
    polls = int(session.connection.number("bulk_polls", _POLLS))
    backoff = Backoff(attempts=polls + 1, first_wait=0.5, longest_wait=10.0)
    job = poll(lambda: read_job(session, address), lambda found: found.state in OVER, backoff, session.pause)
    if job.state in OVER:
        return job
    raise ServerError(
        f"The bulk job {job.id} does not come to an end (it is {job.state}); look at it in Salesforce "
        "(Setup, Bulk Data Load Jobs), abort it there if it is stuck, then run the task again.",
        job=job.id,
    )


def hand_over(session: Session, address: str) -> None:
    """Say that the upload is complete, so that the job writes; after a lost response its state decides."""

    def hand_over_once() -> None:
        try:
            session.send("PATCH", address, body={"state": "UploadComplete"}, is_write=True)
        except (OutcomeUnknownError, RequestError) as error:
            if not _is_open(session, address):
                return
            if isinstance(error, RequestError):
                raise
            raise ServerError(
                "Salesforce does not take over an uploaded job; nothing was written, run the task again."
            ) from error

    retry(hand_over_once, _HAND_OVERS, session.pause, may_repeat=_was_lost)


def _was_lost(error: ConcordError) -> bool:
    """Whether the response to the request was lost, and the job is still open."""
    return isinstance(error, ServerError) and isinstance(error.__cause__, OutcomeUnknownError)


def _is_open(session: Session, address: str) -> bool:
    try:
        return read_job(session, address).state == OPEN
    except ConcordError as error:
        raise OutcomeUnknownError(
            f"Whether a bulk job was handed over is not known: {error.message} Read the records back first."
        ) from error


def abort(session: Session, address: str) -> None:
    """Stop a job that must do nothing more; one that is over already stays as it is."""
    _try(session, "PATCH", address, {"state": ABORTED})


def discard(session: Session, address: str) -> None:
    """Delete a job that is over; what is left behind Salesforce deletes after seven days."""
    _try(session, "DELETE", address, None)


def _try(session: Session, method: str, address: str, body: object) -> None:
    try:
        session.send(method, address, body=body)
    except RequestError:
        return
    except ConcordError as error:
        _logger.warning("A bulk job could not be cleared away. job=%s reason=%s", address, error.message)


def list_jobs(session: Session, path: str) -> Iterator[Job]:
    """All jobs of one kind that Salesforce still knows."""
    pages = Pages("bulk jobs")
    found = ask(session, _listed, "GET", path)
    yield from found.records
    while found.next_records_url:
        pages.note_next(found.next_records_url)
        found = ask(session, _listed, "GET", found.next_records_url)
        yield from found.records
