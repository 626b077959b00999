"""Writes single records of a GraphQL service by declaration: the mutation, where its input takes what, its result.

Every record is read right before it is updated, and left alone if it moved since the plan. A create is looked up
by the resource's natural key before it is sent. A write whose response does not say how it ended is unknown, and
is not sent again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ContractError, OutcomeUnknownError
from concord.protocols.graphql.api import GraphQLApi
from concord.protocols.graphql.lists import GraphQLList
from concord.protocols.graphql.mutations import Mutation, run_mutations
from concord.protocols.graphql.results import Result, decode_value, tree_of
from concord.protocols.values import Record, get_at, values_by_path
from concord.protocols.writing import check_changes, confirmed, guards_by_path, unknown

_PLAIN = Result()


@dataclass(frozen=True, slots=True)
class Mutating:
    """One kind of write: the mutation `name`, the type of each of its `arguments`, and what goes where.

    Fields go below the dotted path `values`, which begins with an argument, each at its `write` path or else its
    path. `key` is the path that takes the key of the record, empty for a create; `guard` the path that takes the
    guard's value as the plan saw it, for a service that compares it, or such a path for each field of a guard by
    its name; `change_id` that of an idempotency key.
    `constants` are values by path that go with every write. Where the service replaces a part of a record as a
    whole, `kept` has the path of the part, below `values`, and the selection that reads it with all its members
    under the names of the input: it is read and sent along when something within it changes.

    The record lies at the dotted path `record` of the result, empty where that is the record, with its key in the
    field `id_field`. `result` says how a result tells a refusal.
    """

    name: str
    arguments: Mapping[str, str]
    values: str = "input"
    key: str = ""
    guard: str | Mapping[str, str] = ""
    change_id: str = ""
    constants: Mapping[str, object] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    record: str = ""
    id_field: str = "id"
    result: Result = _PLAIN

    def __post_init__(self) -> None:
        guards = (self.guard,) if isinstance(self.guard, str) else self.guard.values()
        paths = (self.values, self.key, *guards, self.change_id, *self.constants)
        named = {path.partition(".")[0] for path in paths if path}
        if unknown_names := sorted(named - set(self.arguments)):
            raise ContractError(f"{self.name} has no argument {', '.join(unknown_names)}; declare its type.")

    def selection(self) -> str:
        """What is asked for of the result."""
        text = self.id_field
        for part in reversed(self.record.split(".") if self.record else []):
            text = f"{part} {{{text}}}"
        return self.result.select(text)


@dataclass(frozen=True, slots=True)
class GraphQLWrites:
    """Writes one record a call; leave out `update` or `create` if the service, or the business, forbids it."""

    api: GraphQLApi
    update: Mutating | None = None
    create: Mutating | None = None
    size: int = 20
    finishes_creates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.update is None and self.create is None:
            raise ContractError("GraphQLWrites writes nothing; declare `update`, `create` or both.")
        if self.update is not None and not self.update.key:
            raise ContractError(f"{self.update.name} updates a record; say by `key` where its key goes.")

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; `ContractError` where nothing was sent and a kind of change is not declared."""
        checked = check_changes(session, resource, changes)
        return checked.send(lambda group: [self._send(session, resource, group[0], checked.records)], 1)

    def _send(
        self, session: Session, resource: Resource, change: Change, records: Mapping[str, Record]
    ) -> Outcome:
        way = self.create if change.key is None else self.update
        if way is None:
            raise ContractError(f"{resource.name} has a change of a kind that its GraphQLWrites does not declare.")
        record = None if change.key is None else records.get(change.key)
        values = {**self._kept(session, resource, way, change), **values_by_path(resource, change, record)}
        given = tree_of({**way.constants, **_frame(way, resource, change), **_below(way.values, values)})
        arguments = {name: (kind, given.get(name)) for name, kind in way.arguments.items()}
        [raw] = run_mutations(self.api, session, [Mutation(way.name, arguments, way.selection())])
        return _outcome(self.api, way, change, raw)

    def _kept(self, session: Session, resource: Resource, way: Mutating, change: Change) -> dict[str, object]:
        """What the service would take away, because it replaces the part of the record that is written."""
        paths = [item.write or item.path for item in map(resource.field, change.after)]
        parts = {path: text for path, text in way.kept.items() if any(f"{path}." in name for name in paths)}
        if not parts or change.key is None:
            return {}
        reader = resource.read
        if not isinstance(reader, GraphQLList) or reader.single is None:
            raise ContractError(f"{way.name} keeps parts of a record; declare `single` in the list that reads it.")
        found = reader.single.read(self.api, session, f"id {' '.join(parts.values())}", [change.key])
        present: Any = msgspec.json.decode(found[0]) if found else {}
        held = {path: get_at(present, path) for path in parts}
        return {
            f"{path}.{name}": value
            for path, members in held.items()
            if isinstance(members, dict)
            for name, value in members.items()
            if name != "__typename"
        }


def _frame(way: Mutating, resource: Resource, change: Change) -> dict[str, object]:
    """What goes along with the values: the key, the guard, the idempotency key."""
    frame: dict[str, object] = {way.key: change.key} if way.key else {}
    if change.key is not None:
        frame |= guards_by_path(way.guard, resource, change)
    if way.change_id:
        frame[way.change_id] = change.change_id
    return frame


def _below(above: str, values: Mapping[str, object]) -> dict[str, object]:
    return {f"{above}.{path}" if above else path: value for path, value in values.items()}


def _outcome(api: GraphQLApi, way: Mutating, change: Change, raw: msgspec.Raw | None) -> Outcome:
    try:
        value = decode_value(raw)
    except msgspec.DecodeError as error:
        raise OutcomeUnknownError("The response to a write cannot be read; read the record back.") from error
    way.result.check(value, api.rules, is_write=True)
    key = get_at(get_at(value, way.record), way.id_field)
    if key is None or (change.key is not None and str(key) != change.key):
        return unknown(change, "The response does not name this record; look it up.")
    return confirmed(change, str(key))
