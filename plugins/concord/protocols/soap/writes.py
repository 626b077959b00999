"""SOAP writes by declaration: which operation writes a change, and the paths of its values and of the key.

The paths are dotted and lead through the request or the response as the WSDL shapes them.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from zeep import xsd

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import OutcomeUnknownError, RequestError
from concord.protocols.soap.calls import Calls, SoapService
from concord.protocols.soap.verdicts import ALL_GOOD, Verdicts
from concord.protocols.values import Record, get_at, put_at, remove_at
from concord.protocols.writing import check_changes, confirmed, conflicted, guards_by_path

_UNNAMED = frozenset({"_attr_1", "_raw_elements"})  # what zeep calls what a schema leaves open


@dataclass(frozen=True, slots=True)
class SoapWrites:
    """Writes one record a call: `update` and `create` name the operations, fields go below the path `record`.

    Records are read before an update, and those that moved are left alone. Where the service compares by itself,
    `guard` is the path for the value that the plan saw, or such a path for each field of a guard by its name.
    `key` is the path of the record's key in an update, `created` that of the new key in the response to a create.
    The path `message_id` takes the change id: a service that remembers its messages does not carry one out twice,
    so that a failed call may be repeated.

    What the service replaces as a whole is sent as a whole, as it was read right before: `kept` are the paths of
    such parts of a record, sent along where something in them changes. An empty path is the whole record, which
    goes without what lies at the paths `left_out`, such as what only the service sets.
    """

    service: SoapService
    update: str = ""
    create: str = ""
    record: str = ""
    key: str = ""
    guard: str | Mapping[str, str] = ""
    created: str = ""
    message_id: str = ""
    constants: Mapping[str, object] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    verdicts: Verdicts = ALL_GOOD
    size: int = 20
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        checked = check_changes(session, resource, changes)
        if not checked.ready:
            return checked.ended
        calls = self.service.open(session)
        records = checked.records
        return checked.send(
            lambda group: [self._send(calls, resource, change, records) for change in group], size=1
        )

    def _send(self, calls: Calls, resource: Resource, change: Change, records: Mapping[str, Record]) -> Outcome:
        operation = self.create if change.key is None else self.update
        try:
            parameters = self._parameters(resource, change, records.get(str(change.key), {}))
            response = calls.write(operation, parameters, is_repeatable=bool(self.message_id))
            self.verdicts.check(operation, response, is_write=True)
        except RequestError as error:
            codes = error.facts.get("codes")
            if isinstance(codes, frozenset) and codes & self.verdicts.moved:
                return conflicted(change, "The service says that the record has changed since the plan was made.")
            raise
        if change.key is not None:
            return confirmed(change)
        key = get_at(response, self.created)
        if key is None:
            raise OutcomeUnknownError(f"The response to {operation} does not name the new record; read it back.")
        return confirmed(change, str(key))

    def _parameters(self, resource: Resource, change: Change, record: Record) -> dict[str, Any]:
        above = f"{self.record}." if self.record else ""
        values: dict[str, object] = {}
        for name, value in change.after.items():
            item = resource.field(name)
            written = item.form.encode(value)
            values[item.write or item.path] = xsd.Nil if written is None else written
        made = self._present(record, list(values), above) if change.key is not None else {}
        for path, value in {**self.constants, **{above + path: value for path, value in values.items()}}.items():
            put_at(made, path, value)
        if change.key is not None:
            put_at(made, self.key, change.key)
            for path, seen in guards_by_path(self.guard, resource, change).items():
                put_at(made, path, seen)
        if self.message_id:
            put_at(made, self.message_id, change.change_id)
        return made

    def _present(self, record: Record, written: Sequence[str], above: str) -> dict[str, Any]:
        """The parts of the record that the service would replace, as they are now."""
        made: dict[str, Any] = {}
        whole = dict(record)
        for path in self.left_out:
            remove_at(whole, path)
        for path in sorted(self.kept):
            held = get_at(whole, path)
            if held is not None and any(not path or name.startswith(f"{path}.") for name in written):
                _refuse_unnamed(held)
                put_at(made, f"{above}{path}".rstrip("."), copy.deepcopy(held))
        return made


def _refuse_unnamed(held: object) -> None:
    """Raise where a part holds what the WSDL does not name, because that could not be sent along."""
    parts = held.values() if isinstance(held, Mapping) else held if isinstance(held, list) else ()
    if isinstance(held, Mapping) and any(
        value and (name in _UNNAMED or (name.startswith("_value_") and not isinstance(value, str)))
        for name, value in held.items()
    ):
        raise RequestError(
            "The record holds elements that the WSDL does not name, and the change would take them away; "
            "change it at the service."
        )
    for part in parts:
        _refuse_unnamed(part)
