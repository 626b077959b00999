"""Bulk operations: started when the shop may run one more, polled to their end, stopped when not needed.

https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

import logging

import msgspec

from concord.contract import Session
from concord.errors import ConcordError, RateLimitError, RequestError, ServerError
from concord.protocols.graphql.api import GraphQLApi, decode_part
from concord.protocols.session.masking import masked_of_any_record
from concord.protocols.session.retries import Backoff, poll

COMPLETED = "COMPLETED"
OVER = frozenset({COMPLETED, "FAILED", "CANCELED", "EXPIRED"})
_NO_ROOM = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
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
    """The state of an operation, as the shop reports it; counts come as text."""

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

    The call may be repeated: an operation whose response was lost only reads, and ends by itself.
    """

    def try_to_start() -> Operation | None:
        data = api.run(session, _START, {"query": query})
        started = decode_part(_started.decode, data.get("bulkOperationRunQuery"))
        if started.bulk_operation is not None and not started.user_errors:
            return started.bulk_operation
        _check_refusal(started.user_errors)
        return None

    operation = poll(try_to_start, lambda found: found is not None, _polling(session), session.pause)
    if operation is not None:
        return operation
    raise RateLimitError(
        "The shop runs as many bulk operations as it may and none of them ends; cancel those that are "
        "not needed, or run the task again later."
    )


def _check_refusal(errors: list[_UserError]) -> None:
    wrong = next((error for error in errors if error.code not in _NO_ROOM), None)
    if wrong is not None:
        raise RequestError(
            f"The vendor refused a bulk query ({masked_of_any_record(wrong.message)}); check the declaration "
            "against the API version.",
            code=wrong.code or "",
        )


def follow(api: GraphQLApi, session: Session, started: Operation) -> Operation:
    """The operation at its end; one that does not come to an end is a `ServerError`."""
    job = poll(
        lambda: _state(api, session, started),
        lambda found: found.status in OVER,
        _polling(session),
        session.pause,
        known=started,
    )
    if job.status in OVER:
        return job
    raise ServerError(
        f"The bulk operation {job.id} does not come to an end (it is {job.status}); it was given up, "
        "run the task again.",
        job=job.id,
    )


def _state(api: GraphQLApi, session: Session, job: Operation) -> Operation:
    found: Operation | None = decode_part(
        _operation.decode, api.run(session, _STATE, {"id": job.id}).get("bulkOperation")
    )
    if found is None:
        raise ServerError(f"The bulk operation {job.id} is not known any more; run the task again.", job=job.id)
    return found


def cancel(api: GraphQLApi, session: Session, job: Operation) -> None:
    """Stop an operation whose result is not fetched, so that another may run."""
    try:
        api.run(session, _CANCEL, {"id": job.id})
    except ConcordError as error:
        _logger.warning("A bulk operation could not be stopped. job=%s reason=%s", job.id, error.message)


def _polling(session: Session) -> Backoff:
    polls = int(session.connection.number("bulk_polls", _POLLS))
    return Backoff(attempts=polls + 1, first_wait=0.5, longest_wait=10.0)
