"""Writes records of Salesforce by the collections calls: up to 200 at once, each with its own result.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ConcordError
from concord.protocols.reading import ask
from concord.protocols.session.retries import Backoff, poll
from concord.protocols.values import vendor_values
from concord.protocols.writing import check_changes, confirmed, find_keys, rejected, settle_all, unknown
from concord.systems.salesforce.soql import SalesforceApi

LOCKED = "UNABLE_TO_LOCK_ROW"
LOCKED_SENTENCE = f"{LOCKED}: another process holds the record; the next plan tries again."
_LOCK_BACKOFF = Backoff(attempts=3, first_wait=0.5)


class _Error(msgspec.Struct, rename="camel"):
    status_code: str = ""
    message: str = ""


class _Result(msgspec.Struct, rename="camel"):
    success: bool
    id: str | None = None
    errors: list[_Error] = []


_results = msgspec.json.Decoder(list[_Result])


@dataclass(frozen=True, slots=True)
class SalesforceCollections:
    """Updates by id after a look at the guard; creates as upserts by the natural key, which can be repeated."""

    api: SalesforceApi
    sobject: str
    size: int = 200
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        checked = check_changes(session, resource, changes, upserts=True)
        return checked.send(lambda group: self._send(session, resource, group), self.size)

    def _send(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One call, and further ones for the records that another process has locked."""
        locked: list[Change] = []

        def send(some: Sequence[Change]) -> list[Outcome]:
            outcomes, still_locked = self._send_once(session, resource, some)
            locked.extend(still_locked)
            return [*outcomes, *(rejected(change, LOCKED_SENTENCE) for change in still_locked)]

        def send_locked() -> list[Change]:
            again, locked[:] = list(locked), []
            ended.update(_by_change(settle_all([again], send, list(ended.values()))))
            return locked

        ended = _by_change(send(changes))
        poll(send_locked, lambda left: not left, _LOCK_BACKOFF, session.pause, known=locked)
        return list(ended.values())

    def _send_once(
        self, session: Session, resource: Resource, changes: Sequence[Change]
    ) -> tuple[list[Outcome], list[Change]]:
        """The outcomes of one call, and the changes whose record is locked, of which nothing was written."""
        results = self._call(session, resource, changes)
        keys = self._keys(session, resource, changes, results)
        is_in_order = len(results) == len(changes) and all(
            not result.success or result.id == key for result, key in zip(results, keys, strict=True)
        )
        if not is_in_order:
            done = {result.id for result in results if result.success}
            sentence = "The answer does not tell which record is which; read it back."
            pairs = zip(changes, keys, strict=True)
            return [confirmed(item, key) if key in done else unknown(item, sentence) for item, key in pairs], []
        outcomes: list[Outcome] = []
        locked: list[Change] = []
        for change, key, result in zip(changes, keys, results, strict=True):
            if result.success:
                outcomes.append(confirmed(change, key))
            elif LOCKED in {error.status_code for error in result.errors}:
                locked.append(change)
            else:
                outcomes.append(rejected(change, _sentence(result)))
        return outcomes, locked

    def _call(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[_Result]:
        path = "composite/sobjects"
        if changes[0].key is None:
            path = f"{path}/{self.sobject}/{resource.field(resource.natural_key[0]).path}"
        body = {"allOrNone": False, "records": [self._record(resource, change) for change in changes]}
        return ask(session, _results, "PATCH", self.api.path(session, path), body=body, is_write=True)

    def _record(self, resource: Resource, change: Change) -> dict[str, object]:
        record: dict[str, object] = {"attributes": {"type": self.sobject}}
        if change.key is not None:
            record["Id"] = change.key
        return record | vendor_values(resource, change.after)

    def _keys(
        self, session: Session, resource: Resource, changes: Sequence[Change], results: Sequence[_Result]
    ) -> list[str | None]:
        """The ids that the results should be about; those of new records are looked up by the natural key."""
        try:
            return find_keys(session, resource, changes)
        except ConcordError:
            # The vendor promises its results in the order of the request; without the look-up we rely on that.
            return [result.id for result in results] if len(results) == len(changes) else [None] * len(changes)


def _by_change(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    return {outcome.change_id: outcome for outcome in outcomes}


def _sentence(result: _Result) -> str:
    error = result.errors[0] if result.errors else _Error(message="no reason given")
    return f"{error.status_code}: {error.message}"
