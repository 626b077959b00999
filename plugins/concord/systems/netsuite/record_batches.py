"""Writes records of NetSuite by asynchronous batches: up to 100 of one type, a job to follow, a result per record.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0127092747.html

A batch carries an idempotency key made of its changes. A submission whose answer was lost is made again under the
same key: it either starts the job, or is refused with the address of the job that the first one started.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import ClassVar
from uuid import UUID

import msgspec

from concord.contract import Change, Outcome, Resource, Response, Session, VendorRules
from concord.errors import ConcordError, OutcomeUnknownError, RequestError
from concord.protocols.reading import ask
from concord.protocols.session.retries import Backoff, poll, retry
from concord.protocols.values import vendor_values
from concord.protocols.writing import check_changes, confirmed, conflicted, find_keys, rejected, unknown
from concord.systems.netsuite.catalogue import RECORDS, read_record_type

_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_SUBMISSIONS = Backoff(attempts=3, first_wait=0.5)
_AT_ONCE = 3  # of the five calls at once that the smallest account has
_MOVED = frozenset({"RCRD_HAS_BEEN_CHANGED", "NONEXISTENT_ID", "RCRD_DSNT_EXIST"})
RULES = VendorRules(
    code_keys=("o:errorCode", "code", "error"),
    reasons=("o:errorDetails.detail", "title"),
    limit_codes=frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED"}),
    refuses_before_acting=frozenset({429}),
)


class _Link(msgspec.Struct):
    rel: str
    href: str


class _Job(msgspec.Struct):
    completed: bool


class _Task(msgspec.Struct):
    links: list[_Link]


class _Tasks(msgspec.Struct, rename="camel"):
    items: list[_Task]
    has_more: bool = False


class _Detail(msgspec.Struct):
    detail: str = ""
    code: str = msgspec.field(default="", name="o:errorCode")


class _Refusal(msgspec.Struct):
    details: list[_Detail] = msgspec.field(default_factory=list, name="o:errorDetails")


_job = msgspec.json.Decoder(_Job)
_tasks = msgspec.json.Decoder(_Tasks)
_refusal = msgspec.json.Decoder(_Refusal)


@dataclass(frozen=True, slots=True)
class RecordBatches:
    """Updates by id after a look at the guard; creates as upserts by the natural key.

    `references` go with every creation in an account that has the field: the vendor's name, and the id where the
    extra fields of the connection give none under `<name>_id`. `polls` is how often a job is asked
    whether it is done.
    """

    record_type: str
    references: Mapping[str, str] = field(default_factory=dict)
    size: int = 100
    polls: int = 100
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        checked = check_changes(session, resource, changes, upserts=True)
        return checked.send(lambda group: self._send(session, resource, group), self.size)

    def _send(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        job = self._submit(session, resource, changes)
        try:
            self._wait(session, job)
            results = _results(session, job)
        except ConcordError as error:
            # The job goes on at the vendor's; only its results are missing here.
            sentence = f"Sent as a job that could not be followed: {error.message}"
            return [unknown(change, sentence) for change in changes]
        keys = self._keys(session, resource, changes, results)
        done = [_is_done(result) for result in results]
        is_in_order = len(results) == len(changes) and all(
            _key_in(result) == key for result, key, is_done in zip(results, keys, done, strict=False) if is_done
        )
        if not is_in_order:
            sentence = "The job's results do not tell which record is which; read it back."
            return [unknown(change, sentence) for change in changes]
        return [_outcome(change, key, result) for change, key, result in zip(changes, keys, results, strict=True)]

    def _submit(self, session: Session, resource: Resource, changes: Sequence[Change]) -> str:
        """The address of the job, also where a submission before this one has started it."""
        is_update = changes[0].key is not None
        method = "PATCH" if is_update else "PUT"
        references = {} if is_update else self._references(session)
        body = {"items": [self._record(resource, change, references) for change in changes]}
        sending = session.with_headers(
            {
                "Prefer": "respond-async",
                "Content-Type": _COLLECTION,
                "X-NetSuite-idempotency-key": _key_of(changes),
                "X-NetSuite-PropertyNameValidation": "error",
            }
        )
        path = f"{RECORDS}/{self.record_type}"

        def submit_once() -> str:
            try:
                response = sending.fetch(method, path, body=body, is_write=True)
            except RequestError as error:
                response = _first_response(error)
            if job := response.headers.get("location"):
                return job
            raise OutcomeUnknownError(f"The answer to {method} {path} names no job; read the records back.")

        return retry(submit_once, _SUBMISSIONS, session.pause, may_repeat=lambda error: False, is_idempotent=True)

    def _references(self, session: Session) -> dict[str, object]:
        """The references of a new record, without those that the account has no field for."""
        if not self.references:
            return {}
        try:
            known = read_record_type(session, self.record_type)
        except RequestError:  # the role may not read the catalogue
            known = dict.fromkeys(name.lower() for name in self.references)
        wanted = {name: default for name, default in self.references.items() if name.lower() in known}
        return {name: {"id": session.option(f"{name}_id", default)} for name, default in wanted.items()}

    def _record(self, resource: Resource, change: Change, references: Mapping[str, object]) -> dict[str, object]:
        values = vendor_values(resource, change.after)
        if change.key is not None:
            return {"id": change.key, **values}
        return {**references, **values}

    def _wait(self, session: Session, job: str) -> None:
        """Return once the job is done, at whatever result."""
        backoff = Backoff(attempts=self.polls, first_wait=0.5, longest_wait=10.0)
        if not poll(lambda: ask(session, _job, "GET", job).completed, bool, backoff, session.pause):
            raise OutcomeUnknownError("the vendor has not finished it in time; the next plan sees what it did.")

    def _keys(
        self, session: Session, resource: Resource, changes: Sequence[Change], results: Sequence[Response | None]
    ) -> list[str | None]:
        """The ids that the results should be about; those of new records are looked up by the natural key."""
        try:
            return find_keys(session, resource, changes)
        except ConcordError:
            # The vendor promises its tasks in the order of the request; without the look-up we rely on that.
            return [_key_in(result) for result in results] + [None] * (len(changes) - len(results))


def _key_of(changes: Sequence[Change]) -> str:
    """The idempotency key: the same for the same changes, another once a later plan gives them other guards."""
    content = [(change.change_id, change.key, change.after, change.guard) for change in changes]
    digest = blake2b(msgspec.json.encode(content, enc_hook=str, order="sorted"), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))


def _first_response(error: RequestError) -> Response:
    """The refusal that leads to the job of an earlier submission; any other refusal is raised."""
    refusal = error.facts.get("response")
    if not isinstance(refusal, Response):
        raise error
    detail = _detail_in(refusal)
    if detail.code == "IDEMPOTENCY_ERROR" and refusal.headers.get("location"):
        return refusal
    raise error


def _results(session: Session, job: str) -> list[Response | None]:
    """The response for each record, in the order of the request, as a call for it alone would have got it."""
    found = ask(session, _tasks, "GET", f"{job.rstrip('/')}/task", params={"limit": "1000"})
    if found.has_more:
        raise OutcomeUnknownError("it has more results than records.")
    tasks = [link.href.rstrip("/") for task in found.items for link in task.links if link.rel == "self"]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="concord-results") as pool:
        return list(pool.map(lambda address: _result(session, address), sorted(tasks, key=_number)))


def _result(session: Session, task: str) -> Response | None:
    """The response for one record; None where it cannot be read."""
    try:
        return session.fetch("GET", f"{task}/result")
    except RequestError as error:
        refusal = error.facts.get("response")
        return refusal if isinstance(refusal, Response) else None
    except ConcordError:
        return None


def _number(address: str) -> int:
    last = address.rpartition("/")[2]
    return int(last) if last.isdecimal() else 0


def _is_done(result: Response | None) -> bool:
    return result is not None and 200 <= result.status < 300


def _key_in(result: Response | None) -> str | None:
    """The id at the end of the address of the written record."""
    return result.headers.get("location", "").rpartition("/")[2] or None if result else None


def _outcome(change: Change, key: str | None, result: Response | None) -> Outcome:
    if result is None:
        return unknown(change, "The result of this record could not be read; read the record back.")
    if _is_done(result):
        return confirmed(change, key)
    detail = _detail_in(result)
    if detail.code in _MOVED:
        return conflicted(change, f"{detail.code}: the target has changed; the next plan will look at it again.")
    return rejected(change, _sentence(detail))


def _detail_in(response: Response) -> _Detail:
    try:
        details = _refusal.decode(response.body).details
    except msgspec.DecodeError:
        details = []
    return details[0] if details else _Detail(detail=f"status {response.status}, no reason given")


def _sentence(detail: _Detail) -> str:
    return f"{detail.code}: {detail.detail}" if detail.code else detail.detail
