"""Writes to Tryton: guarded by `_timestamp`, in one transaction, or one by one when that is refused."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ConcordError, OutcomeUnknownError, RequestError
from concord.http.guards import Record, are_same, decode_record, value_at
from concord.http.outcomes import confirmed, conflicted, rejected, settle_all, unknown
from concord.http.sobjects import vendor_values
from concord.http.tryton_rpc import RpcRefusedError, call, read_context

_logger = logging.getLogger(__name__)
_MOVED = "The target has changed since the plan was made; the next plan will look at it again."


@dataclass(frozen=True, slots=True)
class TrytonRpc:
    """Writes one model.

    `same_by` are the fields that make a create the same record as one that is there already, for no create can
    be repeated safely. `look_ups` turn a code into the id of a model's record. `steps` are the workflow's
    buttons that make a created record count, each with the value of `state` from which it is pressed.
    """

    model: str
    same_by: tuple[str, ...] = ()
    look_ups: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    steps: tuple[tuple[str, str], ...] = ()
    state: str = ""
    needs_currency: bool = False
    size: int = 50

    @property
    def finishes_creates(self) -> bool:
        """Whether a create whose answer was lost may be given again: it is looked up and taken to its end."""
        return bool(self.same_by)

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        job = _Job(self, session, resource, read_context(session))
        ready, ended = job.look_up(changes)
        updates = [change for change in ready if change.key is not None]
        found, creates = job.find_existing([change for change in ready if change.key is None])
        outcomes: list[Outcome] = []
        for group, send in ((found, job.take_steps), (updates, job.update), (creates, job.create)):
            if group:
                outcomes = settle_all([group], send, outcomes)
        return ended + outcomes


@dataclass(slots=True)
class _Made:
    """A record that a create stands for; `is_ours` when this very call made it."""

    key: str
    state: str
    is_ours: bool


class _Job:
    """One call of the writer: what it works with, and its steps."""

    def __init__(
        self, writer: TrytonRpc, session: Session, resource: Resource, context: dict[str, object]
    ) -> None:
        self._writer, self._session, self._resource, self._context = writer, session, resource, context
        self._ids: dict[tuple[str, str], int] = {}
        self._there: dict[str, _Made] = {}

    def _call(self, method: str, *params: object, is_write: bool = False, **extra: object) -> msgspec.Raw:
        name = f"model.{self._writer.model}.{method}"
        return call(self._session, name, *params, {**self._context, **extra}, is_write=is_write)

    def look_up(self, changes: Sequence[Change]) -> tuple[list[Change], list[Outcome]]:
        """Learn the ids behind codes; changes with a code that the server lacks end here."""
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

    def update(self, changes: Sequence[Change]) -> list[Outcome]:
        """All in one transaction; when one has moved or is refused, each by itself."""
        guard = self._resource.writes.guard if self._resource.writes else ""
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
                return [conflicted(changes[0], _MOVED)]
            raise
        return [confirmed(change) for change in changes]

    def find_existing(self, changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
        """The creates that are there already, left by a call whose answer was lost, and the others."""
        resource, writer = self._resource, self._writer
        name = resource.writes.find_by if resource.writes else ""
        values = sorted({str(item.after[name]) for item in changes if item.after.get(name) is not None})
        if not values or not writer.same_by:
            return [], list(changes)
        records = [
            decode_record(resource, raw)
            for page in resource.read.read_matching(self._session, resource, name, values)
            for raw in page
        ]
        for change in changes:
            same = next((record for record in records if self._is_same(change, record)), None)
            if same is not None:
                key, state = value_at(same, resource.field(resource.key)), self._state_of(same)
                self._there[change.change_id] = _Made(str(key), state, is_ours=False)
        found = [change for change in changes if change.change_id in self._there]
        return found, [change for change in changes if change.change_id not in self._there]

    def _state_of(self, record: Record) -> str:
        name = self._writer.state
        return str(value_at(record, self._resource.field(name))) if name else ""

    def _is_same(self, change: Change, record: Record) -> bool:
        fields = (
            self._resource.field(name) for name in self._writer.same_by if change.after.get(name) is not None
        )
        return all(are_same(field.kind, change.after[field.name], value_at(record, field)) for field in fields)

    def create(self, changes: Sequence[Change]) -> list[Outcome]:
        """All in one transaction, then the steps of the workflow."""
        constants = self._constants()
        records = [{**constants, **self._values(change)} for change in changes]
        keys = msgspec.json.decode(self._call("create", records, is_write=True))
        if not isinstance(keys, list) or len(keys) != len(changes):
            return []
        for change, key in zip(changes, keys, strict=True):
            first = self._writer.steps[0][0] if self._writer.steps else ""
            self._there[change.change_id] = _Made(str(key), first, is_ours=True)
        return settle_all([changes], self.take_steps)

    def _constants(self) -> dict[str, object]:
        """What every record of the company has and no one plans."""
        if not self._writer.needs_currency:
            return {}
        company = self._context["company"]
        found = call(self._session, "model.company.company.read", [company], ["currency"], self._context)
        return {"company": company, "currency": msgspec.json.decode(found)[0]["currency"]}

    def take_steps(self, changes: Sequence[Change]) -> list[Outcome]:
        """Press the buttons that make the records count; one that refuses leaves nothing of ours behind."""
        made = [self._there[change.change_id] for change in changes]
        try:
            for place, (state, step) in enumerate(self._writer.steps):
                self._press(step, [record for record in made if record.state == state], place)
        except OutcomeUnknownError as error:
            return [
                unknown(change, error.message, record.key) for change, record in zip(changes, made, strict=True)
            ]
        except RequestError:
            if len(changes) == 1:
                self._withdraw(made[0])
            raise
        return [confirmed(change, record.key) for change, record in zip(changes, made, strict=True)]

    def _press(self, step: str, records: Sequence[_Made], place: int) -> None:
        if not records:
            return
        self._call(step, [int(record.key) for record in records], is_write=True)
        following = self._writer.steps[place + 1 :]
        for record in records:
            record.state = following[0][0] if following else "done"

    def _withdraw(self, record: _Made) -> None:
        """Take back a draft that could not be completed; one that stays is named in the log for a person."""
        if not record.is_ours:
            return
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
