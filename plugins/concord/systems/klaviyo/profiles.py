"""Writes Klaviyo's profiles by import jobs, and takes back consent; there is no way here to give consent.

https://developers.klaviyo.com/en/reference/create_profile_bulk_import_job
https://developers.klaviyo.com/en/reference/update_profile
https://developers.klaviyo.com/en/reference/create_profile_subscription_bulk_delete_job

A job is accepted at once and done later: its status is asked for, then its errors, which name records by their
position. A job leaves out what is null, without an error, so a change that clears a value is an update of its own.
What changes within a location goes with all of it. A job that takes back consent reports no errors, so the
profiles are read again. It is never sent with a list: profiles that are not on it would be unsubscribed from all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from concord.contract import Change, End, Outcome, Resource, Session
from concord.errors import ConcordError
from concord.protocols.reading import Pages, ask, batched
from concord.protocols.session.retries import Backoff, poll
from concord.protocols.values import Record, get_at, put_at, value_at, verbatim
from concord.protocols.writing import (
    check_changes,
    confirmed,
    find_created,
    key_of,
    read_records,
    rejected,
    settle_all,
    unknown,
)

_IMPORTS = "/api/profile-bulk-import-jobs"
_PROFILES = "/api/profiles"
_LOCATION = "location"
_UNSUBSCRIBES = "/api/profile-subscription-bulk-delete-jobs"
_PER_UNSUBSCRIBE = 100
_POSITION = re.compile(r"/profiles/data/(\d+)(?:/|$)")
OPTED_OUT = "UNSUBSCRIBED"
_WIDENED = "Consent is only ever taken back by us; the customer gives it, in the marketing tool."


class _JobState(msgspec.Struct):
    status: str = ""
    failed_count: int = 0


class _Job(msgspec.Struct):
    id: str
    attributes: _JobState


class _Told(msgspec.Struct):
    id: str


class _ToldDocument(msgspec.Struct):
    data: _Told


class _JobDocument(msgspec.Struct):
    data: _Job


class _Source(msgspec.Struct):
    pointer: str = ""


class _Fault(msgspec.Struct):
    title: str = ""
    detail: str = ""
    source: _Source | None = None


class _FaultRecord(msgspec.Struct):
    attributes: _Fault


class _Links(msgspec.Struct):
    next: str | None = None


class _Faults(msgspec.Struct):
    data: list[_FaultRecord]
    links: _Links | None = None


_job = msgspec.json.Decoder(_JobDocument)
_told = msgspec.json.Decoder(_ToldDocument)
_faults = msgspec.json.Decoder(_Faults)


@dataclass(frozen=True, slots=True)
class KlaviyoProfiles:
    """Updates by id after a look at the guard, creates by the natural key; `consent` may only be taken back.

    `email` is the field by which a profile is unsubscribed. `polls` is how often a job or a profile is asked for
    its end, once a second.
    """

    consent: str
    email: str = "email"
    size: int = 1000
    polls: int = 120
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; consent is taken back first, so that nothing else can prevent it."""
        widening = [change for change in changes if self._widens(change)]
        allowed = [change for change in changes if change not in widening]
        checked = check_changes(session, resource, allowed, upserts=True)
        leaving = [change for change in checked.ready if self.consent in change.after]
        outcomes = settle_all(
            batched(leaving, _PER_UNSUBSCRIBE),
            lambda group: self._unsubscribe(session, resource, group, checked.records),
            [*(rejected(change, _WIDENED) for change in widening), *checked.ended],
        )
        failed = {item.change_id for item in outcomes if item.end is not End.CONFIRMED}
        rest = [item for item in checked.ready if self._has_more(item) and item.change_id not in failed]
        clearing = [item for item in rest if item.key is not None and _clears(item)]
        writer = _ProfileWriter(self, session, resource, checked.records)
        outcomes = settle_all(([change] for change in clearing), writer.update, outcomes)
        groups = batched([item for item in rest if item not in clearing], self.size)
        outcomes = settle_all(groups, lambda group: self._import(session, resource, group, writer), outcomes)
        return list({outcome.change_id: outcome for outcome in outcomes}.values())

    def _polling(self, *, known: int = 0) -> Backoff:
        """A look each second; what is `known` before the first look counts as one more."""
        return Backoff(attempts=self.polls + known, first_wait=1.0, factor=1.0)

    def _widens(self, change: Change) -> bool:
        return self.consent in change.after and (change.key is None or change.after[self.consent] != OPTED_OUT)

    def _has_more(self, change: Change) -> bool:
        return change.key is None or bool(change.after.keys() - {self.consent})

    def _unsubscribe(
        self, session: Session, resource: Resource, changes: Sequence[Change], records: Mapping[str, Record]
    ) -> list[Outcome]:
        email = resource.field(self.email)
        emails = {change.change_id: value_at(records[str(change.key)], email) for change in changes}
        nameless = [change for change in changes if not emails[change.change_id]]
        outcomes = [rejected(change, "The profile has no e-mail address to unsubscribe.") for change in nameless]
        sent = [change for change in changes if emails[change.change_id]]
        if not sent:
            return outcomes
        profiles = [_unsubscribed(emails[change.change_id]) for change in sent]
        body = _job_body("profile-subscription-bulk-delete-job", profiles)
        session.send("POST", _UNSUBSCRIBES, body=body, is_write=True)
        return [*outcomes, *self._read_opt_outs(session, resource, sent)]

    def _read_opt_outs(self, session: Session, resource: Resource, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Reads the profiles until all of them have opted out, or the attempts end."""
        field = resource.field(self.consent)
        keys = {str(change.key) for change in changes}

        def read_gone() -> set[str]:
            found = read_records(session, resource, sorted(keys))
            return {key for key, record in found.items() if value_at(record, field) == OPTED_OUT}

        try:
            gone = poll(read_gone, lambda found: found >= keys, self._polling(), session.pause)
        except ConcordError:
            gone = set()
        for change in changes:
            has_gone = change.key in gone
            yield confirmed(change) if has_gone else unknown(change, "It was sent, and cannot be seen to be done.")

    def _import(
        self, session: Session, resource: Resource, changes: Sequence[Change], writer: "_ProfileWriter"
    ) -> list[Outcome]:
        body = _job_body("profile-bulk-import-job", [writer.profile(change) for change in changes])
        job = ask(session, _job, "POST", _IMPORTS, body=body, is_write=True).data
        try:
            return list(self._outcomes(session, resource, changes, self._wait(session, job)))
        except ConcordError as error:
            return [unknown(change, f"It was sent, and then: {error.message}") for change in changes]

    def _wait(self, session: Session, job: _Job) -> _Job:
        """The job at its end, or as it was when the attempts ended."""
        return poll(
            lambda: ask(session, _job, "GET", f"{_IMPORTS}/{job.id}").data,
            lambda found: found.attributes.status in ("complete", "cancelled"),
            self._polling(known=1),
            session.pause,
            known=job,
        )

    def _outcomes(
        self, session: Session, resource: Resource, changes: Sequence[Change], job: _Job
    ) -> Iterator[Outcome]:
        """What the finished job and its errors say of each change."""
        faults = dict(_read_faults(session, job.id)) if job.attributes.failed_count else {}
        is_whole = job.attributes.status == "complete" and len(faults) == job.attributes.failed_count
        written = [change for position, change in enumerate(changes) if position not in faults]
        made = self._find_made(session, resource, [change for change in written if change.key is None])
        for position, change in enumerate(changes):
            key = change.key or made.get(change.change_id)
            if position in faults:
                yield rejected(change, faults[position])
            elif is_whole and key:
                yield confirmed(change, key)
            else:
                yield unknown(change, "It was sent, and the job does not say what became of it.", key)

    def _find_made(self, session: Session, resource: Resource, creates: Sequence[Change]) -> dict[str, str]:
        """The keys of the profiles that were created, by change id; they can be found a little later."""
        found = poll(
            lambda: find_created(session, resource, creates),
            lambda made: len(made) == len(creates),
            self._polling(),
            session.pause,
        )
        return {change_id: key_of(resource, record) for change_id, record in found.items()}


@dataclass(frozen=True, slots=True)
class _ProfileWriter:
    """What the bodies of one call of the writer are made of; the records are as they were read right before."""

    writer: KlaviyoProfiles
    session: Session
    resource: Resource
    records: Mapping[str, Record]

    def update(self, changes: Sequence[Change]) -> list[Outcome]:
        """The outcome of one change that clears a value."""
        (change,) = changes
        body = {"data": self.profile(change)}
        told = ask(self.session, _told, "PATCH", f"{_PROFILES}/{change.key}", body=body, is_write=True).data
        return [confirmed(change)] if told.id == change.key else []

    def profile(self, change: Change) -> dict[str, Any]:
        """The profile as a body holds it: what changes, and all else of a location in which something does."""
        profile: dict[str, Any] = {"type": "profile", "attributes": {}}
        fields = {name: self.resource.field(name) for name in sorted(change.after.keys() - {self.writer.consent})}
        if change.key is None:
            fields = {name: field for name, field in fields.items() if not _is_empty(change.after[name])}
        else:
            profile["id"] = change.key
            if any(_LOCATION in field.parts for field in fields.values()):
                location = get_at(self.records[change.key], f"attributes.{_LOCATION}") or {}
                profile["attributes"][_LOCATION] = verbatim(location)
        for name, field in fields.items():
            put_at(profile, field.path, None if _is_empty(change.after[name]) else change.after[name])
        return profile


def _is_empty(value: object) -> bool:
    return value is None or value == ""


def _clears(change: Change) -> bool:
    return any(_is_empty(value) for value in change.after.values())


def _job_body(kind: str, profiles: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": {"profiles": {"data": profiles}}}}


def _unsubscribed(email: str) -> dict[str, Any]:
    consent = {"email": {"marketing": {"consent": OPTED_OUT}}}
    return {"type": "profile", "attributes": {"email": email, "subscriptions": consent}}


def _read_faults(session: Session, job_id: str) -> Iterator[tuple[int, str]]:
    """The position of each record that was refused, with the reason."""
    pages = Pages("the import's errors")
    address: str | None = f"{_IMPORTS}/{job_id}/import-errors"
    while address is not None:
        pages.note_next(address)
        page = ask(session, _faults, "GET", address)
        for fault in (record.attributes for record in page.data):
            match = _POSITION.search(fault.source.pointer if fault.source else "")
            if match:
                yield int(match[1]), f"{fault.title} {fault.detail}".strip()
        address = page.links.next if page.links else None
