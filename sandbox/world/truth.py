"""What is right: which record is who, what every field should say, and which writes are allowed.

A checker holds this against what it reads from the systems themselves. Comparison uses the world's own
normalisation, which shares nothing with the product.
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

Key = tuple[str, str, str]
Member = tuple[str, str]
CUSTOMER_RESOURCES = {
    "shopify": "customers",
    "salesforce": "accounts",
    "tryton": "parties",
    "hubspot": "contacts",
    "netsuite": "customers",
    "sap": "business_partners",
    "stripe": "customers",
    "klaviyo": "profiles",
    "legacy_sql": "customers",
}
_ADDRESS = frozenset({"street", "city", "postal_code", "country_code"})
_PERSON = frozenset({"first_name", "last_name"})
_REACH = frozenset({"email", "phone"})
WRITABLE: Mapping[tuple[str, str], frozenset[str]] = {
    ("shopify", "customers"): _ADDRESS | _PERSON | {"company_name", "email", "phone"},
    ("shopify", "product_variants"): frozenset({"price"}),
    ("shopify", "inventory_items"): frozenset({"stock"}),
    ("shopify", "orders"): frozenset({"carrier_name", "tracking_number", "delivery_status"}),
    ("salesforce", "accounts"): _ADDRESS | {"customer_name"},
    ("salesforce", "contacts"): _PERSON | {"email", "phone"},
    ("salesforce", "orders"): frozenset({"status", "delivery_status"}),
    ("tryton", "parties"): frozenset({"customer_name"}),
    ("tryton", "addresses"): _ADDRESS,
    ("tryton", "contact_mechanisms"): frozenset({"email", "phone"}),
    ("hubspot", "contacts"): _ADDRESS | _PERSON | _REACH,
    ("hubspot", "companies"): _ADDRESS | {"company_name", "phone"},
    ("hubspot", "deals"): frozenset({"stage", "is_archived"}),
    ("netsuite", "customers"): _PERSON | _REACH | {"company_name"},
    ("sap", "A_BusinessPartner"): frozenset({"customer_name"}),
    ("sap", "A_BusinessPartnerAddress"): _ADDRESS,
    ("stripe", "customers"): _ADDRESS | _REACH | {"customer_name"},
    ("klaviyo", "profiles"): _ADDRESS | _PERSON | _REACH | {"company_name", "email_consent"},
    ("legacy_sql", "customers"): _ADDRESS | _REACH,
}
_HOMES = {
    "addresses": "parties",
    "contact_mechanisms": "parties",
    "A_BusinessPartner": "business_partners",
    "A_BusinessPartnerAddress": "business_partners",
}


@dataclass(slots=True)
class Truth:
    """The answers. Keys are `system/resource/key`; Tryton's keys are party code, sku and sale reference."""

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

    def entity_of(self, system: str, resource: str, key: str) -> str | None:
        """Whose record this is; None for records that are gone or unknown to the world."""
        return self.identities.get(f"{system}/{resource}/{key}")

    def expected(self, world_id: str, name: str) -> tuple[Any, ...]:
        """The values that count as right for a field; empty when nothing may be written there."""
        value = self.entities.get(world_id, {}).get(name)
        if value is None:
            return ()
        return tuple(value) if isinstance(value, list) else (value,)

    def members(self, *, kind: str = "customer") -> dict[Member, str]:
        """(system, key) of every live record of an entity kind, with whose it is."""
        return {
            (system, key): world_id
            for (system, resource, key), world_id in (
                (_split(name), world_id) for name, world_id in self.identities.items()
            )
            if world_id.startswith(f"{kind}-") and (kind != "customer" or CUSTOMER_RESOURCES[system] == resource)
        }

    def true_pairs(self, *, kind: str = "customer", systems: Container[str] = CUSTOMER_RESOURCES) -> int:
        """How many pairs of live records of these systems are the same entity."""
        owners = (owner for (system, _), owner in self.members(kind=kind).items() if system in systems)
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
        total = self.true_pairs(kind=kind, systems=systems or CUSTOMER_RESOURCES)
        return (right / predicted if predicted else 1.0), (right / total if total else 1.0)

    def is_allowed(self, *, system: str, resource: str, key: str, field: str, value: Any) -> bool:
        """Whether it is right that this field of this record says this value."""
        if field not in WRITABLE.get((system, resource), frozenset()):
            return False
        world_id = self.entity_of(system, _HOMES.get(resource, resource), key)
        return world_id is not None and self.is_right(world_id, field, value)

    def is_right(self, world_id: str, field: str, value: Any) -> bool:
        """Whether the value says the same as the truth, spelling aside."""
        country = self.entities[world_id].get("country_code")
        wanted = {normalise(field, right, country) for right in self.expected(world_id, field)}
        return normalise(field, value, country) in wanted

    def is_allowed_create(self, *, system: str, values: Mapping[str, Any]) -> bool:
        """Whether the system may get a new record with these values: `reference` for orders, else a customer's."""
        if "reference" in values:
            missing = self.missing_orders if system == "tryton" else self.unbooked_orders.get(system, [])
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
                (email and email in entity["email"])
                or (not email and phone == entity["phone"] and name == notation.read_name(entity["customer_name"]))
            ):
                return world_id
        return None

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
            return notation.read_name(value)


def _read_number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        return None
