"""Writes records of NetSuite by asynchronous batches: up to 100 of one type, a job to follow, a result for each.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0127092747.html

A batch carries an idempotency key made of its changes. A submission whose answer was lost is made again under the
same key: it either starts the job, or is refused with the address of the job that the first one started.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID

import msgspec

from concord.contract import Answer, Change, Outcome, Resource, Session
from concord.errors import ConcordError, OutcomeUnknownError, RequestError
from concord.http.guards import decode_record, split_moved, value_at
from concord.http.outcomes import confirmed, conflicted, rejected, settle_all, unknown
from concord.http.paging import ask
from concord.http.sobjects import vendor_values

RECORDS = "/services/rest/record/v1"
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_SUBMISSIONS = 3
_AT_ONCE = 3  # of the five calls at once that the smallest account has
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0
_MOVED = frozenset({"RCRD_HAS_BEEN_CHANGED", "NONEXISTENT_ID", "RCRD_DSNT_EXIST"})


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
    """Updates by id after a look at the guard; creates as upserts by external id.

    `external_id` is our name of that field. `references` go with every creation: the vendor's name, and the id
    where the connection's extra does not give one under `<name>_id`. `polls` is how often a job is asked after.
    """

    record_type: str
    external_id: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    size: int = 100
    polls: int = 100

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        ready, outcomes, _ = split_moved(session, resource, changes)
        updates = [change for change in ready if change.key is not None]
        creates = [change for change in ready if change.key is None]
        groups = [group for group in (updates, creates) if group]
        return outcomes + settle_all(groups, lambda group: self._send(session, resource, group))

    def _send(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        job = self._submit(session, resource, changes)
        try:
            self._wait(session, job)
            results = _results(session, job)
        except ConcordError as error:
            # The job is there and goes its way; only what became of it cannot be told.
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
        method, body = (
            "PATCH" if is_update else "PUT",
            {"items": [self._record(session, resource, change) for change in changes]},
        )
        sending = session.with_headers(
            {
                "Prefer": "respond-async",
                "Content-Type": _COLLECTION,
                "X-NetSuite-idempotency-key": _key_of(changes),
                "X-NetSuite-PropertyNameValidation": "error",
            }
        )
        path = f"{RECORDS}/{self.record_type}"
        for attempt in range(1, _SUBMISSIONS + 1):
            try:
                answer = sending.fetch(method, path, body=body, is_write=True)
            except OutcomeUnknownError:
                if attempt == _SUBMISSIONS:
                    raise
                session.pause(_FIRST_WAIT)
                continue
            except RequestError as error:
                answer = _first_answer(error)
            if job := answer.headers.get("location"):
                return job
        raise OutcomeUnknownError(f"The answer to {method} {path} names no job; read the records back.")

    def _record(self, session: Session, resource: Resource, change: Change) -> dict[str, object]:
        values = vendor_values(resource, change.after)
        if change.key is not None:
            return {"id": change.key, **values}
        references = {
            name: {"id": session.option(f"{name}_id", default)} for name, default in self.references.items()
        }
        return {**references, **values}

    def _wait(self, session: Session, job: str) -> None:
        """Ask until the job is done, at growing distances."""
        wait = _FIRST_WAIT
        for _ in range(self.polls):
            if ask(session, _job, "GET", job).completed:
                return
            session.pause(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        raise OutcomeUnknownError("the vendor has not finished it in time; the next plan sees what it did.")

    def _keys(
        self, session: Session, resource: Resource, changes: Sequence[Change], results: Sequence[Answer | None]
    ) -> list[str | None]:
        """The ids the results should be about; those of new records are asked for by the external id."""
        if changes[0].key is not None:
            return [change.key for change in changes]
        wanted = [str(change.after[self.external_id]) for change in changes]
        try:
            pages = resource.read.read_matching(session, resource, self.external_id, wanted)
            records = [decode_record(resource, raw) for page in pages for raw in page]
        except ConcordError:
            # The tasks come in the order of the request, by the vendor's word; we only cannot make sure.
            return [_key_in(result) for result in results] + [None] * (len(changes) - len(results))
        fields = resource.field(self.external_id), resource.field(resource.key)
        found = {str(value_at(record, fields[0])): str(value_at(record, fields[1])) for record in records}
        return [found.get(name) for name in wanted]


def _key_of(changes: Sequence[Change]) -> str:
    """The same changes have the same key whoever sends them; their guards tell a later night apart."""
    content = [(change.change_id, change.key, change.after, change.guard) for change in changes]
    digest = blake2b(msgspec.json.encode(content, enc_hook=str, order="sorted"), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))


def _first_answer(error: RequestError) -> Answer:
    """The answer that leads to the job of an earlier submission; any other refusal stays one."""
    answer = error.facts.get("answer")
    if not isinstance(answer, Answer):
        raise error
    detail = _detail_in(answer)
    if detail.code == "IDEMPOTENCY_ERROR" and answer.headers.get("location"):
        return answer
    error.facts["sentence"] = _sentence(detail)
    raise error


def _results(session: Session, job: str) -> list[Answer | None]:
    """What became of each record, in the order of the request: the answer a single call would have got."""
    found = ask(session, _tasks, "GET", f"{job.rstrip('/')}/task", params={"limit": "1000"})
    if found.has_more:
        raise OutcomeUnknownError("it has more results than records.")
    tasks = [link.href.rstrip("/") for task in found.items for link in task.links if link.rel == "self"]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="concord-results") as pool:
        return list(pool.map(lambda address: _result(session, address), sorted(tasks, key=_number)))


def _result(session: Session, task: str) -> Answer | None:
    """One record's answer; None where it cannot be had."""
    try:
        return session.fetch("GET", f"{task}/result")
    except RequestError as error:
        answer = error.facts.get("answer")
        return answer if isinstance(answer, Answer) else None
    except ConcordError:
        return None


def _number(address: str) -> int:
    last = address.rpartition("/")[2]
    return int(last) if last.isdecimal() else 0


def _is_done(result: Answer | None) -> bool:
    return result is not None and 200 <= result.status < 300


def _key_in(result: Answer | None) -> str | None:
    """The id at the end of the address of the written record."""
    return result.headers.get("location", "").rpartition("/")[2] or None if result else None


def _outcome(change: Change, key: str | None, result: Answer | None) -> Outcome:
    if result is None:
        return unknown(change, "The result of this record could not be had; read it back.")
    if _is_done(result):
        return confirmed(change, key)
    detail = _detail_in(result)
    if detail.code in _MOVED:
        return conflicted(change, f"{detail.code}: the target has changed; the next plan will look at it again.")
    return rejected(change, _sentence(detail))


def _detail_in(answer: Answer) -> _Detail:
    try:
        details = _refusal.decode(answer.body).details
    except msgspec.DecodeError:
        details = []
    return details[0] if details else _Detail(detail=f"status {answer.status}, no reason given")


def _sentence(detail: _Detail) -> str:
    return f"{detail.code}: {detail.detail}" if detail.code else detail.detail
