"""The records that the CRM has of the world: those of Salesforce's REST API."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.world.customers import make_customers
from sandbox.world.deliveries import crm_says
from sandbox.world.draw import Settings, random_for
from sandbox.world.job_titles import crm_job_title
from sandbox.world.notation import write_country, write_email, write_name, write_phone
from sandbox.world.orders import Order, make_orders
from sandbox.world.records import CRM, Held, make_records
from sandbox.world.systems import ADDRESS, PERSON, REACH, SystemTruth
from sandbox.world.wholesale import (
    WholesaleOrder,
    crm_amount,
    crm_number,
    is_in_crm,
    make_wholesale_orders,
    purchase_number,
)

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
ACCOUNT, CONTACT, ORDER = "001", "003", "801"
Record = dict[str, Any]


def write_time(moment: datetime) -> str:
    """Salesforce's ISO 8601: milliseconds and an offset without colon."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def record_id(prefix: str, number: int) -> str:
    """An id of 18 characters: 15, and 3 that say which of them are capitals."""
    tail = ""
    while number:
        number, digit = divmod(number, 62)
        tail = _DIGITS[digit] + tail
    short = f"{prefix}Hs{tail:0>10}"
    check = (
        sum(1 << place for place, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")
        for start in (0, 5, 10)
    )
    return short + "".join(_CHECK[bits] for bits in check)


def account_id(index: int, copy: int) -> str:
    """The id of an account; the next ones are those of a duplicate and a stranger."""
    return record_id(ACCOUNT, 1_000_000 + index * 4 + copy)


def contact_id(index: int, copy: int) -> str:
    """Contact ids, one per account."""
    return record_id(CONTACT, 1_000_000 + index * 4 + copy)


def order_id(index: int) -> str:
    """Order ids."""
    return record_id(ORDER, 1_000_000 + index)


def wholesale_order_id(index: int) -> str:
    """The id of a wholesale order, outside the range of the shop's orders."""
    return record_id(ORDER, 500_000_000 + index)


def _account(settings: Settings, index: int, held: Held) -> Record:
    random = random_for(settings, f"salesforce-account-{held.copy}", index)
    is_merged = held.is_gone and held.copy == 1
    return {
        "Id": account_id(index, held.copy),
        "Name": write_name(random, held.name),
        "Type": "Business" if held.kind == "company" else "Individual",
        "AccountNumber": held.account_number,
        "BillingStreet": held.street,
        "BillingCity": held.city,
        "BillingPostalCode": held.postal_code,
        "BillingCountry": "Atlantis" if held.is_broken else write_country(random, held.country_code),
        "Concord_Id__c": None,
        "MasterRecordId": account_id(index, 0) if is_merged else None,
        "IsDeleted": held.is_gone,
        "CreatedDate": write_time(held.created_at),
        "LastModifiedDate": write_time(held.updated_at),
        "SystemModstamp": write_time(held.updated_at),
    }


def _contact(settings: Settings, index: int, held: Held) -> Record:
    random = random_for(settings, f"salesforce-contact-{held.copy}", index)
    phone = held.phone
    if phone and not held.is_broken:
        phone = write_phone(random, phone, held.country_code)
    return {
        "Id": contact_id(index, held.copy),
        "AccountId": account_id(index, held.copy),
        "FirstName": write_name(random, held.first_name),
        "LastName": write_name(random, held.last_name),
        "Email": held.email and write_email(random, held.email, spaces=False),
        "Phone": phone,
        "Title": crm_job_title(settings, index),
        "Concord_Id__c": None,
        "IsDeleted": held.is_gone,
        "CreatedDate": write_time(held.created_at),
        "LastModifiedDate": write_time(held.updated_at),
        "SystemModstamp": write_time(held.updated_at),
    }


def _held(settings: Settings) -> Iterator[tuple[int, Held]]:
    for customer in make_customers(settings):
        for held in make_records(settings, customer):
            if held.system == CRM:
                yield customer.index, held


def accounts(settings: Settings) -> Iterator[Record]:
    """Account records, deleted and merged ones included."""
    return (_account(settings, index, held) for index, held in _held(settings))


def contacts(settings: Settings) -> Iterator[Record]:
    """The contact of each account; an account that was merged into another one has none."""
    return (
        _contact(settings, index, held) for index, held in _held(settings) if not (held.is_gone and held.copy == 1)
    )


def _order(settings: Settings, order: Order) -> Record:
    return {
        "Id": order_id(order.index),
        "OrderNumber": f"{order.index + 1:08d}",
        "Shop_Order__c": order.number,
        "Wholesale_Order__c": None,
        "AccountId": account_id(order.customer_index, 0),
        "Status": order.crm_status,
        "TotalAmount": float(order.total_amount),
        "Wholesale_Amount__c": None,
        "PoNumber": None,
        "CurrencyIsoCode": "EUR",
        "EffectiveDate": order.created_at.date().isoformat(),
        "Delivery_Status__c": crm_says(settings, order),
        "IsDeleted": False,
        "CreatedDate": write_time(order.created_at),
        "LastModifiedDate": write_time(order.updated_at),
        "SystemModstamp": write_time(order.updated_at),
    }


def _wholesale_order(order: WholesaleOrder) -> Record:
    """A wholesale order; it has no products, so that the CRM's own total is 0."""
    return {
        "Id": wholesale_order_id(order.index),
        "OrderNumber": crm_number(order),
        "Shop_Order__c": None,
        "Wholesale_Order__c": str(order.number),
        "AccountId": account_id(order.customer.index, 0),
        "Status": "Activated",
        "TotalAmount": 0.0,
        "Wholesale_Amount__c": float(crm_amount(order)),
        "PoNumber": purchase_number(order),
        "CurrencyIsoCode": "EUR",
        "EffectiveDate": order.ordered_at.date().isoformat(),
        "Delivery_Status__c": None,
        "IsDeleted": False,
        "CreatedDate": write_time(order.ordered_at),
        "LastModifiedDate": write_time(order.ordered_at),
        "SystemModstamp": write_time(order.ordered_at),
    }


def orders(settings: Settings) -> Iterator[Record]:
    """Order records of the shop orders that the CRM knows, and of the wholesale department's."""
    yield from (_order(settings, order) for order in make_orders(settings) if order.in_crm)
    for order in make_wholesale_orders(settings):
        if is_in_crm(settings, order):
            yield _wholesale_order(order)


def held_keys(held: Held, index: int) -> Iterator[str]:
    """The account, and its contact; the account that a merge deleted has none."""
    yield f"accounts/{account_id(index, held.copy)}"
    if not (held.is_gone and held.copy == 1):
        yield f"contacts/{contact_id(index, held.copy)}"


def order_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each order of the shop, and the order."""
    return ((order_id(order.index), order.world_id) for order in make_orders(settings) if order.in_crm)


RESOURCES = {
    "accounts": accounts,
    "contacts": contacts,
    "orders": orders,
}
TRUTH = SystemTruth(
    customers="accounts",
    held=held_keys,
    live={"orders": order_keys},
    writable={
        "accounts": ADDRESS | {"customer_name"},
        "contacts": PERSON | REACH,
        "orders": frozenset({"status", "delivery_status"}),
    },
)
