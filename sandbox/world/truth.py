"""What is right: which record is who, what every field should say, and which writes are allowed.

The referee compares this with what it reads from the systems. It normalises values by the world's own
functions, which share nothing with the product.
"""

import gzip
import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sandbox.world import notation
from sandbox.world.records import ERP
from sandbox.world.systems import find_truths

Key = tuple[str, str, str]
Member = tuple[str, str]


@dataclass(slots=True)
class Truth:
    """What is right. Records are named `system/resource/key`; the ERP's keys are party code, sku and reference."""

    identities: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    entities: dict[str, dict[str, Any]] = field(default_factory=dict)
    quarantine: list[dict[str, str]] = field(default_factory=list)
    review: list[dict[str, str]] = field(default_factory=list)
    never_match: list[list[str]] = field(default_factory=list)
    missing_customers: dict[str, list[str]] = field(default_factory=dict)
    missing_orders: list[str] = field(default_factory=list)
    unbooked_orders: dict[str, list[str]] = field(default_factory=dict)
    test_orders: list[str] = field(default_factory=list)
    cancelled_orders: list[str] = field(default_factory=list)
    held_orders: list[str] = field(default_factory=list)
    stale: list[dict[str, str]] = field(default_factory=list)
    decided: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Values by field, by world id, that are to be written because a business lets their owner decide."""

    def entity_of(self, system: str, resource: str, key: str) -> str | None:
        """The world id of a record's entity; None for records that are gone or unknown to the world."""
        return self.identities.get(f"{system}/{resource}/{key}")

    def expected(self, world_id: str, name: str) -> tuple[Any, ...]:
        """The values that count as right for a field; empty when nothing may be written there."""
        decided = self.decided.get(world_id, {}).get(name, ())
        value = self.entities.get(world_id, {}).get(name)
        if value is None:
            return tuple(decided)
        return (*value, *decided) if isinstance(value, list) else (value, *decided)

    def members(self, *, kind: str = "customer") -> dict[Member, str]:
        """(system, key) of every live record of an entity kind, with the world id of its entity."""
        customers = {system: truth.customers for system, truth in find_truths().items()}
        return {
            (system, key): world_id
            for (system, resource, key), world_id in (
                (_split(name), world_id) for name, world_id in self.identities.items()
            )
            if world_id.startswith(f"{kind}-") and (kind != "customer" or customers[system] == resource)
        }

    def true_pairs(self, *, kind: str = "customer", systems: Container[str] | None = None) -> int:
        """How many pairs of live records, of all systems or of these, are the same entity."""
        owners = (
            owner for (system, _), owner in self.members(kind=kind).items() if not systems or system in systems
        )
        return _count_pairs(Counter(owners).values())

    def pairwise(self, clusters: Iterable[Iterable[Member]], *, kind: str = "customer") -> tuple[float, float]:
        """Precision and recall of predicted clusters of (system, key), among the systems that they name.

        Unknown keys count as wrong.
        """
        members = self.members(kind=kind)
        clusters = [list(cluster) for cluster in clusters]
        systems = {system for cluster in clusters for system, _ in cluster}
        predicted = right = 0
        for cluster in clusters:
            owners = [members.get(member, f"unknown {member}") for member in dict.fromkeys(cluster)]
            predicted += _count_pairs([len(owners)])
            right += _count_pairs(Counter(owners).values())
        total = self.true_pairs(kind=kind, systems=systems)
        return (right / predicted if predicted else 1.0), (right / total if total else 1.0)

    def is_allowed(self, *, system: str, resource: str, key: str, field: str, value: Any) -> bool:
        """Whether it is right that this field of this record says this value."""
        truth = find_truths().get(system)
        if truth is None or field not in truth.writable.get(resource, frozenset()):
            return False
        world_id = self.entity_of(system, truth.owners.get(resource, resource), key)
        return world_id is not None and self.is_right(world_id, field, value)

    def is_right(self, world_id: str, field: str, value: Any) -> bool:
        """Whether the value equals the truth, apart from its spelling."""
        country = self.entities[world_id].get("country_code")
        wanted = {normalise(field, right, country) for right in self.expected(world_id, field)}
        return normalise(field, value, country) in wanted

    def is_allowed_create(self, *, system: str, values: Mapping[str, Any]) -> bool:
        """Whether the system may get a new record with these values: `reference` for orders, else a customer's."""
        if "reference" in values:
            missing = self.missing_orders if system == ERP else self.unbooked_orders.get(system, [])
            return values["reference"] in missing
        world_id = self.find_customer(values)
        if world_id is None or world_id not in self.missing_customers.get(system, []):
            return False
        known = self.entities[world_id]
        return all(
            self.is_right(world_id, name, value) for name, value in values.items() if name in known and value
        )

    def find_customer(self, values: Mapping[str, Any]) -> str | None:
        """The customer that an e-mail, or else a phone with a name, belongs to."""
        email = notation.read_email(values.get("email"))
        phone = notation.read_phone(values.get("phone"), values.get("country_code"))
        name = notation.read_name(values.get("customer_name"))
        for world_id, entity in self.entities.items():
            if world_id.startswith("customer-") and (
                (email and email in self.expected(world_id, "email"))
                or (not email and phone == entity["phone"] and name == notation.read_name(entity["customer_name"]))
            ):
                return world_id
        return None

    def find_by_code(self, code: str) -> str | None:
        """The customer that has this number in the books, whichever ERP keeps them."""
        return next((name for name, entity in self.entities.items() if entity.get("code") == code), None)

    def save(self, path: Path) -> None:
        """Gzipped JSON with a fixed time stamp, so that equal worlds are equal files."""
        text = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        path.write_bytes(gzip.compress(text.encode(), mtime=0))

    @classmethod
    def load(cls, path: Path) -> "Truth":
        """What `save` wrote."""
        return cls(**json.loads(gzip.decompress(path.read_bytes())))


def _split(name: str) -> Key:
    system, resource, key = name.split("/", 2)
    return system, resource, key


def _count_pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def normalise(field: str, value: Any, country_code: str | None) -> Any:
    """One spelling for all spellings of the same value."""
    match field:
        case "phone":
            return notation.read_phone(value, country_code)
        case "email":
            return notation.read_email(value)
        case "country_code":
            return notation.read_country(value)
        case "price" | "total_amount" | "stock":
            return _read_number(value)
        case _:
            return notation.read_name(None if value is None else str(value))


def _read_number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        return None
