"""The life of a bulk operation: started when there is room for it, followed to its end, stopped when given up.

https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

import logging

import msgspec

from concord.contract import Session
from concord.errors import ConcordError, RateLimitError, RequestError, ServerError
from concord.http.graphql import GraphQLApi
from concord.http.masking import masked
from concord.http.paging import Decoded

COMPLETED = "COMPLETED"
OVER = frozenset({COMPLETED, "FAILED", "CANCELED", "EXPIRED"})
_NO_ROOM = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 10.0
_POLLS = 720
_START = (
    "mutation($query: String!) {bulkOperationRunQuery(query: $query) "
    "{bulkOperation {id status} userErrors {field message code}}}"
)
_STATE = "query($id: ID!) {bulkOperation(id: $id) {id status errorCode objectCount rootObjectCount fileSize url}}"
_CANCEL = (
    "mutation($id: ID!) {bulkOperationCancel(id: $id) {bulkOperation {id status} userErrors {field message}}}"
)

_logger = logging.getLogger(__name__)


class Operation(msgspec.Struct, rename="camel"):
    """What an operation says of itself; counts come as text."""

    id: str
    status: str
    error_code: str | None = None
    object_count: int | str | None = None
    root_object_count: int | str | None = None
    file_size: int | str | None = None
    url: str | None = None


class _UserError(msgspec.Struct):
    message: str
    code: str | None = None


class _Started(msgspec.Struct, rename="camel"):
    bulk_operation: Operation | None = None
    user_errors: list[_UserError] = []


_started = msgspec.json.Decoder(_Started)
_operation = msgspec.json.Decoder(Operation | None)


def start(api: GraphQLApi, session: Session, query: str) -> Operation:
    """A new operation; waits while the shop runs as many as it may.

    One whose answer was lost reads for nobody and ends by itself, so the call may be repeated.
    """
    wait = _FIRST_WAIT
    for _ in range(_polls(session)):
        data = api.run(session, _START, {"query": query})
        started = _read(_started, data.get("bulkOperationRunQuery"))
        if started.bulk_operation is not None and not started.user_errors:
            return started.bulk_operation
        _check_refusal(started.user_errors)
        session.pause(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
    raise RateLimitError(
        "The shop runs as many bulk operations as it may and none of them ends; cancel those that nobody "
        "needs, or run the task again later."
    )


def _check_refusal(errors: list[_UserError]) -> None:
    wrong = next((error for error in errors if error.code not in _NO_ROOM), None)
    if wrong is not None:
        raise RequestError(
            f"The vendor refused a bulk query ({masked(wrong.message)}); check the declaration against the "
            "API version.",
            code=wrong.code or "",
        )


def follow(api: GraphQLApi, session: Session, started: Operation) -> Operation:
    """The operation at its end; one that does not come to an end is a `ServerError`."""
    job, wait = started, _FIRST_WAIT
    for _ in range(_polls(session)):
        if job.status in OVER:
            return job
        session.pause(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
        job = _state(api, session, job)
    if job.status in OVER:
        return job
    raise ServerError(
        f"The bulk operation {job.id} does not come to an end (it is {job.status}); it was given up, "
        "run the task again.",
        job=job.id,
    )


def _state(api: GraphQLApi, session: Session, job: Operation) -> Operation:
    found: Operation | None = _read(_operation, api.run(session, _STATE, {"id": job.id}).get("bulkOperation"))
    if found is None:
        raise ServerError(f"The bulk operation {job.id} is not known any more; run the task again.", job=job.id)
    return found


def cancel(api: GraphQLApi, session: Session, job: Operation) -> None:
    """Stop an operation whose result nobody will fetch, so that it keeps no room."""
    try:
        api.run(session, _CANCEL, {"id": job.id})
    except ConcordError as error:
        _logger.warning("A bulk operation could not be stopped. job=%s reason=%s", job.id, error.message)


def _polls(session: Session) -> int:
    return int(session.connection.number("bulk_polls", _POLLS))


def _read(decoder: "msgspec.json.Decoder[Decoded]", raw: msgspec.Raw | None) -> Decoded:
    try:
        return decoder.decode(raw or b"null")
    except msgspec.DecodeError as error:
        raise ServerError(
            "What the vendor says of a bulk operation cannot be read; check the API version, "
            "then run the task again."
        ) from error
