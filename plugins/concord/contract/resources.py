"""One collection of a system: how it is read and written, and what its records hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec

from concord.contract.changes import Change, Outcome
from concord.contract.fields import Field, Kind
from concord.contract.links import Links, named_by
from concord.contract.sessions import Session
from concord.contract.windows import ChangedBetween, Snapshot, Window, Worklist
from concord.errors import ContractError

_WRITTEN, _NATURAL_KEY, _VOLATILE, _LINK = "written field", "natural key", "volatile field", "link"
PART = "_part"  # the end of an entity's name in a resource that holds only a part of it

Page = list[msgspec.Raw]  # the verbatim JSON of some records, of none where a vendor's page is empty


class Reader(Protocol):
    """How the records of a resource are read; its methods raise the errors of the session.

    What was yielded before an error is not complete, and the caller reads again from the beginning.
    """

    def describe(self, session: Session, resource: "Resource") -> "Mapping[str, Kind | None] | None":
        """Which declared paths the account has, preferred ones included, and which kind each holds.

        Other fields of the account are there, too, as far as the same answer tells them: by the path that a
        declaration would name. The kind is None where the vendor does not tell it. A declared path that is missing
        is one that the account lacks, or that the login may not see. None means that the vendor does not describe
        its resources.
        """

    def read_window(self, session: Session, resource: "Resource", window: Window | None) -> Iterator[Page]:
        """Pages of the records that changed within the half-open window; None asks for all records there are now.

        Every record that changed within the window and not after it is there, also a deleted one where the vendor
        reports deletions. Records that changed outside of it may be there too. No order is promised, and a record
        may come more than once; of copies with the same change stamp the newest comes last.
        """

    def read_keys(self, session: Session, resource: "Resource") -> Iterator[Sequence[str]]:
        """Lists of the keys, as text, of all records there are now.

        A record whose key is not listed counts as deleted. So the key of a record that was merged into another,
        and that still leads to it, is listed too. Keys of deleted records may be listed where the vendor reports
        deletions. An empty text stands for a record whose key cannot be read: while there is one, no record counts
        as deleted. No order is promised, and a key may come more than once.
        """

    def read_matching(
        self, session: Session, resource: "Resource", name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """Pages of the records there are now of which the field called `name` by us has one of the values.

        A value that no record has yields nothing. Records that the vendor takes for a match although the field
        says something else may be there too. No order is promised, and a record may come more than once. A
        `KeyError` says that the reader cannot search by that field, which is a mistake in the declaration.
        """


class Writer(Protocol):
    """How the changes of a resource are written."""

    @property
    def size(self) -> int:
        """How many changes one call of `write` takes at most."""

    @property
    def finishes_creates(self) -> bool:
        """Whether `write` finds a record that an earlier call created, and takes the steps that it still needs.

        True for a writer that creates in several steps, and for one whose creates are safe to hand to it again. A
        create whose response was lost is then given to `write` again, and is not taken for whole by being there.
        """

    def write(self, session: Session, resource: "Resource", changes: Sequence[Change]) -> list[Outcome]:
        """Send the changes, of which there is at least one, and say what the target made of each.

        There is at most one outcome per change, in any order; a change without one is of unknown outcome. Where
        some changes were sent, trouble with the others becomes their outcome (`End.HELD` where one was surely not
        sent). Errors are raised where no outcome can be told, and each means something else to the caller:

        - `OutcomeUnknownError`: the changes may have been carried out; they are read back before anything is sent.
        - `RequestError` or `RecordError`: the call was refused as a whole, and nothing was done; the caller sends
          the changes one by one, and a single one is rejected, or conflicted for a `ChangeConflictError`.
        - `TransientError`: nothing was done; the changes are sent again later.
        - Any other `PermanentError` or a `ConfigurationError`: nothing was done, and no more changes are sent.
        """


@dataclass(frozen=True, slots=True)
class Writes:
    """What may be written back, and how a change is guarded and found again.

    `update` and `create` are the names of the fields that may be written. `guard` is the field whose value must
    still be what the plan saw, or several such fields; a vendor that compares it itself gets the first of them.
    `natural_key` are the fields that make two records the same business object: a
    record whose creation got no clear response is looked up by the first of them, and is there already if it
    agrees in all that the create fills. A vendor that upserts does so by the first. `never_empty` are fields of
    `update` without which the vendor takes no record: a change that would empty one is refused before it is sent.
    `brings` names the resources of which records are created inside of a new one, such as its addresses, each with
    its field that holds the key of the new record; they are read back with it.
    """

    writer: Writer
    update: frozenset[str] = frozenset()
    create: frozenset[str] = frozenset()
    guard: str | tuple[str, ...] = ""
    natural_key: tuple[str, ...] = ()
    never_empty: frozenset[str] = frozenset()
    brings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """One collection of a system: how it is read, what its records hold, what may be written back.

    `key` is the name of the field that holds the vendor's id, `deleted` of the one that says whether a record was
    deleted, empty where the vendor does not say. `writes` None means that nothing is written back. `entity` is
    what a record is to the business, such as `customer`, or `customer_part` where it is only a part of one; empty
    where it is nothing of the kind. `entity_key` is the column of the entity's shape that holds the key of this
    resource: `record_key` where it is left out, none for a part; empty where a record belongs to several of them.
    `offers` are lists that worklists of other systems need, each as SQL over `{table}`, where its records are.
    `links` are the fields that name something else: each with the resource of the system whose key it holds, with
    `ORDER_NAME`, `WHOLESALE_ORDER`, `WHOLESALE_CUSTOMER`, `CUSTOMER_NUMBER`, `PARTNER_NUMBER`, `TRACKING_NUMBER`,
    `SHOP_REFUND` or `SKU`, or with a `PartOf` or `Listed`. A night works on what changed and on all that is
    linked with it. While nobody has said what a resource links, None, it works on all records. `valid` are two
    fields with the first and the last day on which a record counts; the days alone then let it be worked on.
    """

    name: str
    read: Reader
    key: str
    fields: tuple[Field, ...]
    changes: ChangedBetween | Snapshot | Worklist
    deleted: str = ""
    writes: Writes | None = None
    entity: str = ""
    entity_key: str | None = None
    offers: Mapping[str, str] = field(default_factory=dict)
    links: Links | None = None
    valid: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        names = [item.name for item in self.fields]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ContractError(f"Resource {self.name} declares {', '.join(doubled)} twice; keep one of each.")
        for purpose, name in self._named():
            if name not in names:
                raise ContractError(
                    f"Resource {self.name} names {name!r} as its {purpose}, but has no such field; declare it."
                )
            if self.field(name).optional and purpose not in (_WRITTEN, _NATURAL_KEY, _VOLATILE, _LINK):
                raise ContractError(f"{name!r} is the {purpose} of {self.name}, so it cannot be optional.")
        if not self.field(self.key).required:
            raise ContractError(f"The key {self.key!r} of {self.name} must be declared required.")
        for name in sorted(self.written):
            if self.field(name).is_computed:
                raise ContractError(f"The vendor works {name!r} of {self.name} out, so it cannot be written.")

    def _named(self) -> Iterator[tuple[str, str]]:
        yield "key", self.key
        if isinstance(self.changes, ChangedBetween):
            yield "change field", self.changes.field
            for name in sorted(self.changes.volatile):
                yield _VOLATILE, name
        if self.deleted:
            yield "deletion field", self.deleted
        for name in self.links or ():
            yield _LINK, name
        yield from (("day", name) for name in self.valid or ())
        for item in self.fields:
            if item.form.beside:
                yield f"field beside {item.name}", item.form.beside
        if self.writes is not None:
            for name in sorted(self.written):
                yield _WRITTEN, name
            for name in self.guards:
                yield "guard", name
            yield from ((_NATURAL_KEY, name) for name in self.writes.natural_key)
            yield from (("field that is never empty", name) for name in sorted(self.writes.never_empty))

    def field(self, name: str) -> Field:
        """The field of that name; `KeyError` where there is none."""
        for item in self.fields:
            if item.name == name:
                return item
        raise KeyError(name)

    def in_account(self, paths: Mapping[str, str | None]) -> "Resource":
        """The resource as an account has it: the paths that differ, by our names, None for what it lacks.

        Without its natural key a record that was created could not be found again, so that none is created.
        """
        if not paths:
            return self
        lacking = {name for name, path in paths.items() if path is None}
        writes = self.writes
        if writes is not None:
            is_found_again = not lacking & {*writes.natural_key}
            writes = replace(
                writes,
                update=writes.update - lacking,
                create=writes.create - lacking if is_found_again else frozenset(),
                natural_key=writes.natural_key if is_found_again else (),
            )
        changes = self.changes
        if isinstance(changes, ChangedBetween):
            changes = replace(changes, volatile=changes.volatile - lacking)
        fields = (item.at(paths.get(item.name) or item.path) for item in self.fields if item.name not in lacking)
        links = self.links and {name: target for name, target in self.links.items() if name not in lacking}
        return replace(self, fields=tuple(fields), changes=changes, writes=writes, links=links)

    @property
    def written(self) -> frozenset[str]:
        """The names of the fields that an update or a create may write."""
        return self.writes.update | self.writes.create if self.writes is not None else frozenset()

    @property
    def custom_fields(self) -> tuple[Field, ...]:
        """The fields that are compared with those of the same name in other systems, by the business's rules."""
        found = tuple(item for item in self.fields if item.is_custom and item.kind is not Kind.JSON)
        return found if self.column_of_key else ()

    @property
    def linked(self) -> dict[str, str]:
        """What each field of `links` names: a resource of the system, or a kind of text."""
        return {name: named_by(link) for name, link in (self.links or {}).items()}

    @property
    def column_of_key(self) -> str:
        """The column of the entity's shape that holds the key; empty where none does."""
        if self.entity_key is not None or not self.entity:
            return self.entity_key or ""
        return "" if self.entity.endswith(PART) else "record_key"

    @property
    def deletions(self) -> str:
        """How it is learned that a record was deleted, in a few words."""
        if isinstance(self.changes, Snapshot):
            return "every night"
        if isinstance(self.changes, Worklist):
            return "not noticed"
        if self.changes.never_deletes:
            return "never deleted"
        if self.changes.vanish_limit is None:
            return "reported" if self.deleted else "not noticed"
        is_nightly = self.changes.list_every == 1 or bool(self.changes.volatile)
        listed = "every night" if is_nightly else f"every {self.changes.list_every} nights"
        return f"reported, and {listed}" if self.deleted else listed

    @property
    def guard(self) -> str:
        """The name of the first field that guards updates, empty where there is none."""
        return self.guards[0] if self.guards else ""

    @property
    def guards(self) -> tuple[str, ...]:
        """The names of the fields that guard updates."""
        guard = self.writes.guard if self.writes is not None else ""
        return tuple(filter(None, (guard,))) if isinstance(guard, str) else guard

    @property
    def lists_keys(self) -> bool:
        """Whether deletions are found in a list of all keys."""
        return isinstance(self.changes, ChangedBetween) and self.changes.vanish_limit is not None

    @property
    def natural_key(self) -> tuple[str, ...]:
        """The names of the fields by which a create is found again, empty where it cannot be."""
        return self.writes.natural_key if self.writes is not None else ()

    def can_be_emptied(self, name: str) -> bool:
        """Whether an update may leave the field without a value."""
        is_kept = self.writes is not None and name in self.writes.never_empty
        return not is_kept and not self.field(name).required

    @property
    def modified(self) -> str | None:
        """The name of the change field, None where the vendor has none."""
        return self.changes.field if isinstance(self.changes, ChangedBetween) else None
