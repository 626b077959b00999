"""A resource of a bench with records that a change can be made to, as the tests of writing use it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from concord.contract import Change, Field, Outcome, Resource
from concord.protocols.session.client import HttpSession
from concord.protocols.values import decode_record, value_at
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.benches import facts_of

_NUMBERS = count(1)


def new_id(purpose: str) -> str:
    """The id of a change that no other test gives: some vendors remember what they were sent under an id."""
    return f"{purpose}-{next(_NUMBERS)}"


@dataclass
class Case:
    """A resource with records that a change can be made to."""

    bench: Bench
    resource: Resource
    session: HttpSession
    good: Mapping[str, object]
    given: list[Change] = field(default_factory=list)

    def changes(self, count: int, after: Mapping[str, object] | None = None) -> list[Change]:
        """Updates of records that say something else so far, as a plan would make them."""
        made = self.possible_changes(after)
        assert len(made) >= count, f"fewer than {count} records of {self.resource.name} say other than {after}"
        self.given += made[-count:]
        return made[-count:]

    def restore(self) -> None:
        """Write back what the changed records said, since another test may need a value that is unique."""
        self.bench.desk.reset()
        for change in self.given:
            self.write([self.anew(change, change.before)])

    def possible_changes(self, after: Mapping[str, object] | None = None) -> list[Change]:
        """The updates of all records that say something else."""
        assert self.resource.writes is not None
        wanted = self.good if after is None else after
        guards = [self.resource.field(name) for name in self.resource.guards]
        made: list[Change] = []
        for key, record in by_key(self.resource, read_all(self.session, self.resource)).items():
            fields = [self.resource.field(name) for name in wanted]
            before = {item.name: self.value_of(record, item) for item in fields}
            stamp = {guard.name: self.value_of(record, guard) for guard in guards}
            if before == dict(wanted) or self.is_unfit(record) or None in stamp.values():
                continue
            made.append(Change(new_id(f"change-{key}"), key, "update", before, wanted, stamp))
        return made

    def is_unfit(self, record: Mapping[str, Any]) -> bool:
        """Whether the suite must not change the record."""
        return self.is_deleted(record) or facts_of(self.bench.system.name).unfit(record)

    def is_deleted(self, record: Mapping[str, Any]) -> bool:
        """Whether the vendor shows the record as deleted, as tests before may have left it."""
        return bool(self.resource.deleted and value_at(record, self.resource.field(self.resource.deleted)))

    def write(self, changes: list[Change]) -> list[Outcome]:
        """Send the changes; their outcomes in the same order."""
        assert self.resource.writes is not None
        outcomes = self.resource.writes.writer.write(self.session, self.resource, changes)
        assert sorted(item.change_id for item in outcomes) == sorted(item.change_id for item in changes)
        order = [item.change_id for item in changes]
        return sorted(outcomes, key=lambda outcome: order.index(outcome.change_id))

    def effects(self, change: Change) -> object:
        """What `Desk.effects` says of the record."""
        return self.bench.desk.effects(self.resource, str(change.key))

    def holds(self, *changes: Change) -> bool:
        """Whether the records say now what the changes set."""
        records = by_key(self.resource, read_all(self.session, self.resource))
        return bool(changes) and all(
            str(self.value_of(records[str(change.key)], self.resource.field(name))) == str(value)
            for change in changes
            for name, value in change.after.items()
        )

    def anew(self, change: Change, after: Mapping[str, object]) -> Change:
        """A change of the same record to these values, planned in view of the record as it is now."""
        pages = self.resource.read.read_matching(self.session, self.resource, self.resource.key, [str(change.key)])
        (record,) = (decode_record(self.resource, raw) for page in pages for raw in page)
        guards = [self.resource.field(name) for name in self.resource.guards]
        before = {name: self.value_of(record, self.resource.field(name)) for name in after}
        return replace(
            change,
            change_id=new_id(change.change_id),
            before=before,
            after=after,
            guard={guard.name: self.value_of(record, guard) for guard in guards},
        )

    def value_of(self, record: Mapping[str, Any], field: Field) -> object:
        """The value as we would write it."""
        return facts_of(self.bench.system.name).read_value(field, value_at(record, field))
