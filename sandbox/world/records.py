"""The records that shop, CRM and ERP have of a customer, and which of their values are stale or missing.

`notation` decides on spellings, and `sandbox/vendors/<system>/world.py` on the form of the records.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from sandbox.world import slots
from sandbox.world.customers import Customer, draw_address, old_email, phone_number, second_email
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.pools import COMPANY_FIRST, COUNTRY_BY_CODE, LAST_NAMES

SHOP, CRM, ERP = "shopify", "salesforce", "tryton"
_CROSSWALK_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Held:
    """One record of a customer in one system; `copy` 0 is the first, 1 a duplicate."""

    system: str
    copy: int
    kind: str
    first_name: str
    last_name: str
    company_name: str | None
    email: str | None
    phone: str | None
    street: str
    city: str
    postal_code: str
    country_code: str
    account_number: str | None
    created_at: datetime
    updated_at: datetime
    is_broken: bool = False
    is_gone: bool = False

    @property
    def name(self) -> str:
        """The name of the company, or first and last name, in this system."""
        return self.company_name or f"{self.first_name} {self.last_name}"


def is_present(slot: int, system: str) -> bool:
    """Whether the system has a record of the customer of this slot."""
    absent = {SHOP: slots.NOT_IN_SHOP, CRM: slots.NOT_IN_CRM, ERP: slots.NOT_IN_ERP}
    return slot not in absent[system]


def _draw_who_is_stale(random: Random, systems: tuple[str, str]) -> tuple[str, ...]:
    """The systems with a stale value: one of those that do not own the field, or both."""
    return (systems[:1], systems[1:], systems)[int(random.random() * 3)]


def _stale_values(random: Random, customer: Customer) -> tuple[tuple[str, ...], dict[str, str]]:
    """The systems that hold outdated values, and the values; the system that owns a field is never among them."""
    slot, country = customer.slot, COUNTRY_BY_CODE[customer.country_code]
    if slot in slots.STALE_PHONE:
        return _draw_who_is_stale(random, (SHOP, ERP)), {
            "phone": phone_number(country, customer.index, is_old=True)
        }
    if slot in slots.STALE_ADDRESS:
        street, city, postal_code = draw_address(random, country)
        where = {"street": f"{street} a", "city": city, "postal_code": postal_code}
        return _draw_who_is_stale(random, (SHOP, CRM)), where
    if slot in slots.STALE_EMAIL:
        return _draw_who_is_stale(random, (CRM, ERP)), {"email": old_email(customer)}
    if slot in slots.STALE_LAST_NAME:
        born = LAST_NAMES[(LAST_NAMES.index(customer.last_name) + 11) % len(LAST_NAMES)]
        return _draw_who_is_stale(random, (CRM, ERP)), {"last_name": born}
    if slot in slots.RENAMED:
        former = COMPANY_FIRST[int(random.random() * len(COMPANY_FIRST))]
        return (SHOP, CRM), {"company_name": f"{former} & {customer.last_name} Partner"}
    return (), {}


_MISSING: tuple[tuple[range, str, tuple[str, ...]], ...] = (
    (slots.NO_PHONE_IN_CRM, CRM, ("phone",)),
    (slots.NO_EMAIL_IN_ERP, ERP, ("email",)),
    (slots.NO_PHONE_IN_ERP, ERP, ("phone",)),
    (slots.NO_PHONE_IN_SHOP, SHOP, ("phone",)),
    (slots.NO_EMAIL_IN_CRM, CRM, ("email",)),
    (slots.ONLY_CROSSWALK, ERP, ("email", "phone")),
    (slots.REVIEW, CRM, ("email", "phone")),
)


def _has_account_number(random: Random, slot: int) -> bool:
    luck = random.random()
    if slot in slots.REVIEW or slot in slots.NOT_IN_ERP:
        return False
    return slot in slots.ONLY_CROSSWALK or luck < _CROSSWALK_SHARE


def _first_records(settings: Settings, customer: Customer, random: Random) -> Iterator[Held]:
    """The one record per system that knows the customer."""
    stale_systems, stale = _stale_values(random, customer)
    account_number = customer.code if _has_account_number(random, customer.slot) else None
    for system in (SHOP, CRM, ERP):
        updated_at = moment_between(random, customer.created_at, settings.as_of)
        if not is_present(customer.slot, system):
            continue
        held = Held(
            system=system,
            copy=0,
            kind=customer.kind,
            first_name=customer.first_name,
            last_name=customer.last_name,
            company_name=customer.company_name,
            email=customer.email,
            phone=customer.phone,
            street=customer.street,
            city=customer.city,
            postal_code=customer.postal_code,
            country_code=customer.country_code,
            account_number=account_number if system == CRM else None,
            created_at=customer.created_at,
            updated_at=updated_at,
        )
        yield replace(held, **stale) if system in stale_systems else held  # type: ignore[arg-type] # text fields only


def _with_fault(held: Held, slot: int) -> Held:
    """The record with the missing or invalid values of its slot."""
    for affected, system, fields in _MISSING:
        if slot in affected and held.system == system:
            return replace(held, **dict.fromkeys(fields))  # type: ignore[arg-type] # None is allowed for these
    if slot in slots.BROKEN_EMAIL and held.system == SHOP:
        return replace(held, email="n/a", is_broken=True)
    if slot in slots.BROKEN_COUNTRY and held.system == CRM:
        return replace(held, country_code="", is_broken=True)
    return held


def _extra_records(held: Held, customer: Customer) -> Iterator[Held]:
    """The duplicates of a record, and deleted ones that were merged into it."""
    slot, later = customer.slot, held.created_at + timedelta(hours=31)
    if slot in slots.SHOP_DUPLICATE and held.system == SHOP:
        yield replace(
            held,
            copy=1,
            email=second_email(customer),
            created_at=later,
            updated_at=max(later, held.updated_at),
        )
    if slot in slots.CRM_DUPLICATE and held.system == CRM:
        email = customer.email.swapcase()
        yield replace(
            held,
            copy=1,
            email=email,
            account_number=None,
            created_at=later,
            updated_at=max(later, held.updated_at),
        )
    if slot in slots.CRM_MERGED and held.system == CRM:
        yield replace(held, copy=1, is_gone=True, account_number=None, updated_at=max(later, held.updated_at))


def _stranger(held: Held, customer: Customer) -> Held:
    """A deleted or inactive record of a person who is no customer."""
    return replace(
        held,
        copy=2,
        kind="person",
        first_name="Closed",
        last_name=f"Account {customer.index}",
        company_name=None,
        email=f"closed{customer.index}@gone.example",
        phone=None,
        account_number=None,
        is_gone=True,
    )


def make_records(settings: Settings, customer: Customer) -> Iterator[Held]:
    """Every record of this customer in any system, and the records of strangers (copy 2)."""
    random = random_for(settings, "records", customer.index)
    slot = customer.slot
    for first in _first_records(settings, customer, random):
        if slot >= 280:
            yield first
            continue
        held = _with_fault(first, slot)
        yield held
        yield from _extra_records(held, customer)
        is_stranger_in_crm = slot in slots.CRM_DELETED_STRANGER and held.system == CRM
        if is_stranger_in_crm or (slot in slots.ERP_INACTIVE_STRANGER and held.system == ERP):
            yield _stranger(held, customer)
