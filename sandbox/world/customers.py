"""The true customers, on which the records of all systems are based."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import TypeVar

from sandbox.world import slots
from sandbox.world.draw import BLOCK, OPENING, Settings, index_of_slot, moment_between, random_for, slot_of
from sandbox.world.notation import ascii_word
from sandbox.world.pools import (
    COMPANY_FIRST,
    COMPANY_SECOND,
    COUNTRIES,
    COUNTRY_BY_CODE,
    COUNTRY_DRAW,
    FIRST_NAMES,
    LAST_NAMES,
    LEGAL_FORMS,
    MAIL_DOMAINS,
    Country,
)

_PHONE_RANGE = 6_000_000
_COMPANY_SHARE = 0.3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Customer:
    """One true customer; companies have a contact person, people have no company name."""

    index: int
    slot: int
    kind: str
    first_name: str
    last_name: str
    company_name: str | None
    email: str
    phone: str
    street: str
    city: str
    postal_code: str
    country_code: str
    created_at: datetime

    @property
    def world_id(self) -> str:
        """The identity in the truth."""
        return f"customer-{self.index}"

    @property
    def code(self) -> str:
        """The number that the ERP gave to this party."""
        return f"P{self.index + 10001}"

    @property
    def name(self) -> str:
        """The name of the company, or first and last name of a person."""
        return self.company_name or f"{self.first_name} {self.last_name}"


def pick(random: Random, items: tuple[T, ...]) -> T:
    """One of the items; quicker than random.choice in a large world."""
    return items[int(random.random() * len(items))]


def draw_address(random: Random, country: Country) -> tuple[str, str, str]:
    """Street, city and postal code of a random address in the country."""
    place = pick(random, country.places)
    postal_code = place.postal_pattern
    while "#" in postal_code:
        postal_code = postal_code.replace("#", str(int(random.random() * 10)), 1)
    return pick(random, country.streets).format(1 + int(random.random() * 198)), place.city, postal_code


def phone_number(country: Country, index: int, *, is_old: bool = False) -> str:
    """A unique phone number in E.164; old numbers are in a separate range."""
    number = 8_000_000 + index * 7919 % 2_000_000 if is_old else 2_000_000 + index * 7919 % _PHONE_RANGE
    digits = f"{number}{index % 10}" if country.digits == 8 else str(number)
    return f"+{country.dial}{country.area}{digits}"


def old_email(customer: Customer) -> str:
    """The e-mail address that the customer had before."""
    return f"{ascii_word(customer.last_name)}.{customer.index}@old.example"


def second_email(customer: Customer) -> str:
    """The second e-mail address of a customer who registered twice."""
    return f"{ascii_word(customer.first_name)}{customer.index}@second.example"


def _draw_kind(random: Random, slot: int) -> str:
    if slot in slots.RENAMED:
        return "company"
    if slot in slots.PERSONS:
        return "person"
    return "company" if random.random() < _COMPANY_SHARE else "person"


def _draw_customer(settings: Settings, index: int, *, country: Country | None = None) -> Customer:
    random = random_for(settings, "customer", index)
    slot = slot_of(settings, index)
    kind = _draw_kind(random, slot)
    home = country or COUNTRIES[pick(random, COUNTRY_DRAW)]
    first_name, last_name = pick(random, FIRST_NAMES), pick(random, LAST_NAMES)
    mailbox, domain = f"{ascii_word(first_name)}.{ascii_word(last_name)}{index}", pick(random, MAIL_DOMAINS)
    company_name = None
    if kind == "company":
        word = pick(random, COMPANY_FIRST) + pick(random, COMPANY_SECOND).lower()
        company_name = f"{word} {last_name} {pick(random, LEGAL_FORMS[home.code])}"
        mailbox = f"info{index}"
    street, city, postal_code = draw_address(random, home)
    return Customer(
        index=index,
        slot=slot,
        kind=kind,
        first_name=first_name,
        last_name=last_name,
        company_name=company_name,
        email=f"{mailbox}@{domain}",
        phone=phone_number(home, index),
        street=street,
        city=city,
        postal_code=postal_code,
        country_code=home.code,
        created_at=moment_between(random, settings.begins_at, settings.begins_at + OPENING),
    )


def _other_digit(postal_code: str) -> str:
    """The same code with its second character that is a digit moved by one."""
    place = [at for at, letter in enumerate(postal_code) if letter.isdigit()][-1]
    return f"{postal_code[:place]}{(int(postal_code[place]) + 1) % 10}{postal_code[place + 1 :]}"


def _as_namesake(customer: Customer, other: Customer) -> Customer:
    """Give the customer name and city of another one; the two must never be matched."""
    postal_code = other.postal_code[:2] + customer.postal_code[2:]
    moved = _other_digit(other.postal_code) if postal_code == other.postal_code else postal_code
    return replace(
        customer, first_name=other.first_name, last_name=other.last_name, city=other.city, postal_code=moved
    )


def _as_housemate(customer: Customer, other: Customer) -> Customer:
    """Give the customer last name, address and phone of another person."""
    first_name = customer.first_name
    if first_name == other.first_name:
        first_name = FIRST_NAMES[(FIRST_NAMES.index(first_name) + 7) % len(FIRST_NAMES)]
    return replace(
        customer,
        first_name=first_name,
        last_name=other.last_name,
        phone=other.phone,
        street=other.street,
        city=other.city,
        postal_code=other.postal_code,
    )


def partner_index(settings: Settings, index: int) -> int | None:
    """The index of the customer whose name or household this one shares; None where there is none."""
    slot = slot_of(settings, index)
    if slot not in slots.SECOND_NAMESAKE and slot not in slots.SECOND_HOUSEMATE:
        return None
    partner = index_of_slot(settings, slot - 1, index // BLOCK)
    return partner if partner < settings.customers else None


def make_customer(settings: Settings, index: int) -> Customer:
    """Customer number `index`, from the seed alone."""
    partner = partner_index(settings, index)
    if partner is None:
        return _draw_customer(settings, index)
    other = _draw_customer(settings, partner)
    customer = _draw_customer(settings, index, country=COUNTRY_BY_CODE[other.country_code])
    if customer.slot in slots.SECOND_NAMESAKE:
        return _as_namesake(customer, other)
    return _as_housemate(customer, other)


def make_customers(settings: Settings) -> Iterator[Customer]:
    """All customers, in the order of their numbers."""
    return (make_customer(settings, index) for index in range(settings.customers))
