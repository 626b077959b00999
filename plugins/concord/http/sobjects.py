"""Writes records of Salesforce by the collections calls: up to 200 at once, each with its own result.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ConcordError
from concord.fields import Form
from concord.http.guards import decode_record, split_moved, value_at
from concord.http.outcomes import confirmed, rejected, settle_all, unknown
from concord.http.paging import ask
from concord.http.soql import SalesforceApi

_PASSING = frozenset({"UNABLE_TO_LOCK_ROW"})
_ATTEMPTS = 3
_LOCK_WAIT = 0.5


def write_number(value: object) -> object:
    """An amount as a JSON number; in quotes it is refused."""
    return float(value) if isinstance(value, Decimal) else value


NUMBER = Form(encode=write_number)


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
    """Updates by id after a look at the guard; creates as upserts by external id, so that they can be repeated."""

    api: SalesforceApi
    sobject: str
    external_id: str = ""
    size: int = 200

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        ready, outcomes, _ = split_moved(session, resource, changes)
        updates = [change for change in ready if change.key is not None]
        creates = [change for change in ready if change.key is None]
        groups = [group for group in (updates, creates) if group]
        return outcomes + settle_all(groups, lambda group: self._send(session, resource, group))

    def _send(
        self, session: Session, resource: Resource, changes: Sequence[Change], attempt: int = 1
    ) -> list[Outcome]:
        results = self._call(session, resource, changes)
        keys = self._keys(session, resource, changes, results)
        is_in_order = len(results) == len(changes) and all(
            not result.success or result.id == key for result, key in zip(results, keys, strict=True)
        )
        locked = [] if attempt == _ATTEMPTS or not is_in_order else _locked(changes, results)
        done = {result.id for result in results if result.success}
        outcomes = []
        for place, (change, key) in enumerate(zip(changes, keys, strict=True)):
            if key is not None and key in done:
                outcomes.append(confirmed(change, key))
            elif not is_in_order:
                outcomes.append(unknown(change, "The answer does not tell which record is which; read it back."))
            elif change not in locked:
                outcomes.append(rejected(change, _sentence(results[place])))
        if not locked:
            return outcomes
        session.pause(_LOCK_WAIT * attempt)
        return settle_all([locked], lambda group: self._send(session, resource, group, attempt + 1), outcomes)

    def _call(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[_Result]:
        path = "composite/sobjects"
        if changes[0].key is None:
            path = f"{path}/{self.sobject}/{resource.field(self.external_id).path}"
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
        """The ids the results should be about; those of new records are asked for by the external id."""
        if changes[0].key is not None:
            return [change.key for change in changes]
        wanted = [str(change.after[self.external_id]) for change in changes]
        try:
            pages = resource.read.read_matching(session, resource, self.external_id, wanted)
            records = [decode_record(resource, raw) for page in pages for raw in page]
        except ConcordError:
            # The results come in the order of the request, by the vendor's word; we only cannot make sure.
            return [result.id for result in results] if len(results) == len(changes) else [None] * len(changes)
        fields = resource.field(self.external_id), resource.field(resource.key)
        found = {str(value_at(record, fields[0])): str(value_at(record, fields[1])) for record in records}
        return [found.get(name) for name in wanted]


def _locked(changes: Sequence[Change], results: Sequence[_Result]) -> list[Change]:
    """The changes that another process stood in the way of; nothing of them was written."""
    pairs = zip(changes, results, strict=True)
    return [change for change, result in pairs if {error.status_code for error in result.errors} & _PASSING]


def _sentence(result: _Result) -> str:
    error = result.errors[0] if result.errors else _Error(message="no reason given")
    if error.status_code in _PASSING:
        return f"{error.status_code}: another process holds the record; the next plan tries again."
    return f"{error.status_code}: {error.message}"


def vendor_values(resource: Resource, values: Mapping[str, object]) -> dict[str, object]:
    """Our fields under the vendor's names, in the vendor's form."""
    named: dict[str, object] = {}
    for name, value in values.items():
        field = resource.field(name)
        named[field.write or field.parts[-1]] = None if value is None else field.form.encode(value)
    return named
