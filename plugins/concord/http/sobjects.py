"""Writes records of Salesforce by the collections calls: up to 200 at once, each with its own result.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.http.guards import split_moved
from concord.http.outcomes import confirmed, rejected, settle_all, unknown
from concord.http.paging import ask
from concord.http.soql import SalesforceApi

_PASSING = frozenset({"UNABLE_TO_LOCK_ROW"})


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

    def _send(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        is_create = changes[0].key is None
        path = "composite/sobjects"
        if is_create:
            path = f"{path}/{self.sobject}/{resource.field(self.external_id).path}"
        records = [self._record(resource, change) for change in changes]
        body = {"allOrNone": False, "records": records}
        results = ask(session, _results, "PATCH", self.api.path(session, path), body=body, is_write=True)
        if len(results) != len(changes):
            sentence = "The answer holds another number of results than records were sent; read them back first."
            return [unknown(change, sentence) for change in changes]
        return [self._outcome(change, result) for change, result in zip(changes, results, strict=True)]

    def _record(self, resource: Resource, change: Change) -> dict[str, object]:
        record: dict[str, object] = {"attributes": {"type": self.sobject}}
        if change.key is not None:
            record["Id"] = change.key
        return record | vendor_values(resource, change.after)

    def _outcome(self, change: Change, result: _Result) -> Outcome:
        if result.success and change.key is not None and result.id != change.key:
            return unknown(change, "The answer is about another record at this place; read it back first.")
        if result.success:
            return confirmed(change, result.id)
        error = result.errors[0] if result.errors else _Error(message="no reason given")
        if error.status_code in _PASSING:
            return rejected(
                change, f"{error.status_code}: another process holds the record; the next plan tries again."
            )
        return rejected(change, f"{error.status_code}: {error.message}")


def vendor_values(resource: Resource, values: Mapping[str, object]) -> dict[str, object]:
    """Our fields under the vendor's names, in the vendor's form."""
    named: dict[str, object] = {}
    for name, value in values.items():
        field = resource.field(name)
        named[field.write or field.parts[-1]] = None if value is None else field.form.encode(value)
    return named
