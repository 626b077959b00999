"""Writes to Tryton: guarded by `_timestamp`, all in one transaction, or one by one if that is refused."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ConcordError, OutcomeUnknownError, RequestError
from concord.protocols.values import Record, value_at, vendor_values
from concord.protocols.writing import confirmed, conflicted, find_created, key_of, rejected, settle_all, unknown
from concord.systems.tryton.rpc import RpcRefusedError, call, read_context

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrytonRpc:
    """Writes one model.

    No create can be repeated safely, so each is looked up by the natural key first. `look_ups` turn a code into
    the id of a model's record. `steps` are the workflow's buttons that make a created record count, each with the
    value of `state` from which it is pressed.
    """

    model: str
    look_ups: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    steps: tuple[tuple[str, str], ...] = ()
    state: str = ""
    needs_currency: bool = False
    size: int = 50
    finishes_creates: ClassVar[bool] = True

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        model = _ModelWriter(self, session, resource, read_context(session))
        ready, ended = model.look_up(changes)
        updates = [change for change in ready if change.key is not None]
        found, creates = model.split_existing([change for change in ready if change.key is None])
        return ended + settle_all([group for group in (found, updates, creates) if group], model.send)


@dataclass(slots=True)
class _Made:
    """The record of a create; `is_ours` if this very call made it."""

    key: str
    state: str
    is_ours: bool


class _ModelWriter:
    """One call of the writer: the ids behind codes, the records of creates, and the calls that write."""

    def __init__(
        self, writer: TrytonRpc, session: Session, resource: Resource, context: dict[str, object]
    ) -> None:
        self._writer, self._session, self._resource, self._context = writer, session, resource, context
        self._ids: dict[tuple[str, str], int] = {}
        self._there: dict[str, _Made] = {}

    def _call(self, method: str, *params: object, is_write: bool = False, **extra: object) -> msgspec.Raw:
        name = f"model.{self._writer.model}.{method}"
        return call(self._session, name, *params, {**self._context, **extra}, is_write=is_write)

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change of a group: updates, creates, or creates whose record is there already."""
        if changes[0].key is not None:
            return self._update(changes)
        return self._take_steps(changes) if changes[0].change_id in self._there else self._create(changes)

    def look_up(self, changes: Sequence[Change]) -> tuple[list[Change], list[Outcome]]:
        """The changes whose codes have an id at the server, and the rejections of the others."""
        for name, (model, searched) in self._writer.look_ups.items():
            codes = sorted({str(item.after[name]) for item in changes if item.after.get(name) is not None})
            if codes:
                method, domain = f"model.{model}.search_read", [[searched, "in", codes]]
                found = call(self._session, method, domain, 0, None, None, ["id", searched], self._context)
                self._ids |= {(name, str(row[searched])): row["id"] for row in msgspec.json.decode(found)}
        ready, ended = [], []
        for change in changes:
            missing = self._missing(change)
            if missing:
                ended.append(
                    rejected(change, f"Tryton has no such {missing}; add it there or correct it at its owner.")
                )
            else:
                ready.append(change)
        return ready, ended

    def _missing(self, change: Change) -> str:
        for name in self._writer.look_ups:
            code = change.after.get(name)
            if code is not None and (name, str(code)) not in self._ids:
                return name
        return ""

    def _values(self, change: Change) -> dict[str, object]:
        named = vendor_values(
            self._resource, {k: v for k, v in change.after.items() if k not in self._writer.look_ups}
        )
        for name in self._writer.look_ups:
            if name in change.after:
                code = change.after[name]
                field = self._resource.field(name)
                named[field.write or field.parts[-1]] = None if code is None else self._ids[name, str(code)]
        return named

    def _update(self, changes: Sequence[Change]) -> list[Outcome]:
        """All in one transaction, which one record that has moved or is refused makes fail."""
        guard = self._resource.guard
        params: list[object] = []
        stamps: dict[str, object] = {}
        for change in changes:
            params += [[int(str(change.key))], self._values(change)]
            if change.guard.get(guard) is not None:
                stamps[f"{self._writer.model},{change.key}"] = str(change.guard[guard])
        try:
            self._call("write", *params, is_write=True, _timestamp=stamps)
        except RpcRefusedError as refusal:
            if refusal.kind == "ConcurrencyException" and len(changes) == 1:
                return [conflicted(changes[0])]
            raise
        return [confirmed(change) for change in changes]

    def split_existing(self, changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
        """The creates whose record an earlier call has made, its answer lost, and the others."""
        found = find_created(self._session, self._resource, changes)
        self._there |= {
            name: _Made(key_of(self._resource, record), self._state_of(record), is_ours=False)
            for name, record in found.items()
        }
        there = [change for change in changes if change.change_id in self._there]
        return there, [change for change in changes if change.change_id not in self._there]

    def _state_of(self, record: Record) -> str:
        name = self._writer.state
        return str(value_at(record, self._resource.field(name))) if name else ""

    def _create(self, changes: Sequence[Change]) -> list[Outcome]:
        """All in one transaction, then the steps of the workflow."""
        constants = self._constants()
        records = [{**constants, **self._values(change)} for change in changes]
        keys = msgspec.json.decode(self._call("create", records, is_write=True))
        if not isinstance(keys, list) or len(keys) != len(changes):
            return []
        for change, key in zip(changes, keys, strict=True):
            first = self._writer.steps[0][0] if self._writer.steps else ""
            self._there[change.change_id] = _Made(str(key), first, is_ours=True)
        return settle_all([changes], self._take_steps)

    def _constants(self) -> dict[str, object]:
        """The values that every new record of the company has, and that no plan names."""
        if not self._writer.needs_currency:
            return {}
        company = self._context["company"]
        found = call(self._session, "model.company.company.read", [company], ["currency"], self._context)
        return {"company": company, "currency": msgspec.json.decode(found)[0]["currency"]}

    def _take_steps(self, changes: Sequence[Change]) -> list[Outcome]:
        """Press the buttons that make the records count; a draft of ours that is refused is deleted."""
        made = [self._there[change.change_id] for change in changes]
        try:
            for number, (state, step) in enumerate(self._writer.steps):
                self._press(step, [record for record in made if record.state == state], number)
        except OutcomeUnknownError as error:
            return [
                unknown(change, error.message, record.key) for change, record in zip(changes, made, strict=True)
            ]
        except RequestError as refusal:
            if len(changes) == 1 and not self._withdraw(made[0]):
                key, done = made[0].key, "finish or delete it in Tryton, and replay this dead letter"
                sentence = f"Record {key} stays half made; {done}. {refusal.message}"
                return [replace(rejected(changes[0], sentence), key=key)]
            raise
        return [confirmed(change, record.key) for change, record in zip(changes, made, strict=True)]

    def _press(self, step: str, records: Sequence[_Made], number: int) -> None:
        if not records:
            return
        self._call(step, [int(record.key) for record in records], is_write=True)
        following = self._writer.steps[number + 1 :]
        for record in records:
            record.state = following[0][0] if following else "done"

    def _withdraw(self, record: _Made) -> bool:
        """Delete a draft of ours that could not be completed; False for one that stays, for a person."""
        if not record.is_ours:
            return False
        try:
            self._call("cancel", [int(record.key)], is_write=True)
            self._call("delete", [int(record.key)], is_write=True)
        except ConcordError as error:
            _logger.warning(
                "a draft could not be taken back; delete it in Tryton. model=%s key=%s reason=%s",
                self._writer.model,
                record.key,
                error.message,
            )
            return False
        return True
