"""Writes Klaviyo's profiles by import jobs, and takes back consent; there is no way here to give consent.

https://developers.klaviyo.com/en/reference/create_profile_bulk_import_job
https://developers.klaviyo.com/en/reference/create_profile_subscription_bulk_delete_job

A job is accepted at once and done later: its status is asked for, then its errors, which name records by their
place. A job that takes back consent reports no errors, so the profiles are looked at again. It is never sent
with a list: profiles that are not on it would be unsubscribed from everything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Change, End, Outcome, Resource, Session
from concord.errors import ConcordError
from concord.http.guards import Record, decode_record, read_records, split_moved, value_at
from concord.http.outcomes import confirmed, rejected, settle_all, unknown
from concord.http.paging import Pages, ask, batched

_IMPORTS = "/api/profile-bulk-import-jobs"
_UNSUBSCRIBES = "/api/profile-subscription-bulk-delete-jobs"
_PER_UNSUBSCRIBE = 100
_PLACE = re.compile(r"/profiles/data/(\d+)(?:/|$)")
OPTED_OUT = "UNSUBSCRIBED"


class _JobState(msgspec.Struct):
    status: str = ""
    failed_count: int = 0


class _Job(msgspec.Struct):
    id: str
    attributes: _JobState


class _JobAnswer(msgspec.Struct):
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


_job = msgspec.json.Decoder(_JobAnswer)
_faults = msgspec.json.Decoder(_Faults)


@dataclass(frozen=True, slots=True)
class KlaviyoProfiles:
    """Updates by id after a look at the guard, creates by `unique`; `consent` may only be taken back.

    `email` is the field by which a profile is unsubscribed; a job is asked for its end `polls` times.
    """

    unique: str
    consent: str
    email: str = "email"
    size: int = 1000
    polls: int = 120

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; consent goes first, so that nothing else can keep it from being taken back."""
        outcomes = [_widened(change) for change in changes if self._widens(change)]
        ready, moved, records = split_moved(
            session, resource, [item for item in changes if not self._widens(item)]
        )
        leaving = [change for change in ready if self.consent in change.after]
        outcomes = settle_all(
            batched(leaving, _PER_UNSUBSCRIBE),
            lambda group: self._unsubscribe(session, resource, group, records),
            [*outcomes, *moved],
        )
        left = {item.change_id for item in outcomes if item.end is End.CONFIRMED}
        rest = [item for item in ready if self._has_more(item) and (item not in leaving or item.change_id in left)]
        again = {change.change_id for change in rest}
        outcomes = [item for item in outcomes if item.change_id not in again]
        try:
            groups = batched(rest, self.size)
            return settle_all(groups, lambda group: self._import(session, resource, group), outcomes)
        except ConcordError as error:
            if not again & left:
                raise
            held = f"Not sent: {error.message}"
            return [*outcomes, *(Outcome(item.change_id, End.HELD, item.key, held) for item in rest)]

    def _widens(self, change: Change) -> bool:
        return self.consent in change.after and (change.key is None or change.after[self.consent] != OPTED_OUT)

    def _has_more(self, change: Change) -> bool:
        return change.key is None or bool(change.after.keys() - {self.consent})

    def _unsubscribe(
        self, session: Session, resource: Resource, changes: Sequence[Change], records: dict[str, Record]
    ) -> list[Outcome]:
        email = resource.field(self.email)
        emails = {change.change_id: value_at(records[str(change.key)], email) for change in changes}
        nameless = [change for change in changes if not emails[change.change_id]]
        outcomes = [rejected(change, "The profile has no e-mail address to unsubscribe.") for change in nameless]
        sent = [change for change in changes if emails[change.change_id]]
        if not sent:
            return outcomes
        body = _job_body(
            "profile-subscription-bulk-delete-job", [_leaver(emails[item.change_id]) for item in sent]
        )
        session.send("POST", _UNSUBSCRIBES, body=body, is_write=True)
        return [*outcomes, *self._see_gone(session, resource, sent)]

    def _see_gone(self, session: Session, resource: Resource, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Looks at the profiles until all of them have opted out, or patience ends."""
        field = resource.field(self.consent)
        keys = [str(change.key) for change in changes]
        gone: set[str] = set()
        try:
            for _ in range(self.polls):
                found = read_records(session, resource, keys)
                gone = {key for key, record in found.items() if value_at(record, field) == OPTED_OUT}
                if gone >= set(keys):
                    break
                session.pause(1.0)
        except ConcordError:
            pass  # what was not seen to have gone is of unknown outcome
        for change in changes:
            has_gone = change.key in gone
            yield confirmed(change) if has_gone else unknown(change, "It was sent, and cannot be seen to be done.")

    def _import(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        nameless = [item for item in changes if item.key is None and not item.after.get(self.unique)]
        outcomes = [rejected(change, f"A new profile needs its {self.unique}.") for change in nameless]
        sent = [change for change in changes if change not in nameless]
        if not sent:
            return outcomes
        body = _job_body("profile-bulk-import-job", [self._profile(resource, change) for change in sent])
        job = ask(session, _job, "POST", _IMPORTS, body=body, is_write=True).data
        try:
            return [*outcomes, *self._told(session, resource, sent, self._await(session, job))]
        except ConcordError as error:
            return [*outcomes, *(unknown(item, f"It was sent, and then: {error.message}") for item in sent)]

    def _profile(self, resource: Resource, change: Change) -> dict[str, Any]:
        attributes: dict[str, Any] = {}
        for name in sorted(change.after.keys() - {self.consent}):
            *parents, last = resource.field(name).parts[1:]
            place = attributes
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = change.after[name]
        profile: dict[str, Any] = {"type": "profile", "attributes": attributes}
        return profile if change.key is None else {**profile, "id": change.key}

    def _await(self, session: Session, job: _Job) -> _Job:
        for _ in range(self.polls):
            if job.attributes.status in ("complete", "cancelled"):
                break
            session.pause(1.0)
            job = ask(session, _job, "GET", f"{_IMPORTS}/{job.id}").data
        return job

    def _told(
        self, session: Session, resource: Resource, changes: Sequence[Change], job: _Job
    ) -> Iterator[Outcome]:
        """What the finished job and its errors say of each change."""
        faults = dict(_read_faults(session, job.id)) if job.attributes.failed_count else {}
        is_whole = job.attributes.status == "complete" and len(faults) == job.attributes.failed_count
        made = self._find_made(session, resource, [item for at, item in enumerate(changes) if at not in faults])
        for place, change in enumerate(changes):
            key = change.key or made.get(str(change.after.get(self.unique)))
            if place in faults:
                yield rejected(change, faults[place])
            elif is_whole and key:
                yield confirmed(change, key)
            else:
                yield unknown(change, "It was sent, and the job does not say what became of it.", key)

    def _find_made(self, session: Session, resource: Resource, changes: Sequence[Change]) -> dict[str, str]:
        """The keys of created profiles by what they were created with; they show a little later."""
        wanted = sorted({str(change.after[self.unique]) for change in changes if change.key is None})
        field, key = resource.field(self.unique), resource.field(resource.key)
        found: dict[str, str] = {}
        for _ in range(self.polls if wanted else 0):
            pages = resource.read.read_matching(session, resource, self.unique, wanted)
            records = [decode_record(resource, raw) for page in pages for raw in page]
            found = {str(value_at(record, field)): str(value_at(record, key)) for record in records}
            if found.keys() >= set(wanted):
                break
            session.pause(1.0)
        return found


def _widened(change: Change) -> Outcome:
    return rejected(change, "Consent is only ever taken back by us; the customer gives it, in the marketing tool.")


def _job_body(kind: str, profiles: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": {"profiles": {"data": profiles}}}}


def _leaver(email: str) -> dict[str, Any]:
    consent = {"email": {"marketing": {"consent": OPTED_OUT}}}
    return {"type": "profile", "attributes": {"email": email, "subscriptions": consent}}


def _read_faults(session: Session, job_id: str) -> Iterator[tuple[int, str]]:
    """The place of each record that was not taken, with the reason."""
    pages = Pages("the import's errors")
    address: str | None = f"{_IMPORTS}/{job_id}/import-errors"
    while address is not None:
        pages.turn(address)
        page = ask(session, _faults, "GET", address)
        for fault in (record.attributes for record in page.data):
            match = _PLACE.search(fault.source.pointer if fault.source else "")
            if match:
                yield int(match[1]), f"{fault.title} {fault.detail}".strip()
        address = page.links.next if page.links else None
