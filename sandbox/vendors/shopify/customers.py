"""Writes customers: e-mail and phone are unique in the shop, and given addresses replace the old ones."""

import re
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import (
    collection_of,
    email_of,
    gid,
    number_of,
    phone_of,
    stamp,
)
from sandbox.vendors.shopify.metafields import with_metafields
from sandbox.vendors.shopify.refusals import Asked, MutationRefusedError, user_error

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_PLAIN = ("firstName", "lastName", "note", "tags")
_ADDRESS = (
    "firstName",
    "lastName",
    "company",
    "address1",
    "address2",
    "city",
    "zip",
    "provinceCode",
    "phone",
)


def create_customer(store: Store, asked: Asked) -> dict[str, Any]:
    """A new customer; it needs a name, a phone number or an e-mail address."""
    given = asked.arguments["input"]
    if not any(given.get(name) for name in ("firstName", "lastName", "email", "phone")):
        raise MutationRefusedError([user_error(None, "A name, phone number, or email address must be present")])
    number = int(store.largest_key("customers") or 0) + 1
    now = stamp(store.clock.tick())
    customer: Record = {"id": gid("Customer", number), "createdAt": now, "note": None, "defaultAddress": None}
    return _written(store, customer, given, "customerCreate")


def update_customer(store: Store, asked: Asked) -> dict[str, Any]:
    """Changes the fields that are given."""
    given = asked.arguments["input"]
    return _written(store, _existing(store, given.get("id"), ["id"]), given, "customerUpdate")


def set_customer(store: Store, asked: Asked) -> dict[str, Any]:
    """Create or change a customer, who is found by id, e-mail or phone."""
    given, identifier = asked.arguments["input"], asked.arguments.get("identifier") or {}
    record_id = identifier.get("id") or given.get("id")
    if record_id:
        return _written(store, _existing(store, record_id, ["input"]), given, "customerSet")
    for field in ("email", "phone"):
        keys = store.find("customers", field, identifier[field]) if identifier.get(field) else []
        if keys:
            found = store.get_by_key("customers", keys[0])
            return _written(store, found or {}, given, "customerSet")
    return create_customer(
        store, Asked({"input": {**given, **{k: v for k, v in identifier.items() if v}}}, asked.version)
    )


def create_address(store: Store, asked: Asked) -> dict[str, Any]:
    """Adds an address; it becomes the default one where there is none, or where that is asked for."""
    customer = _existing(store, asked.arguments["customerId"], ["customerId"])
    default, others = customer.get("defaultAddress"), list(customer.get("otherAddresses") or [])
    taken = {address["id"] for address in (default, *others) if address}
    number = next(n for n in range(len(taken) + 1) if _address_id(customer, n) not in taken)
    address = {"id": _address_id(customer, number), **_address(asked.arguments["address"])}
    if default is None or asked.arguments.get("setAsDefault"):
        customer["defaultAddress"] = address
        customer["otherAddresses"] = [*others, *([default] if default else [])]
    else:
        customer["otherAddresses"] = [*others, address]
    _save(store, customer, "customerAddressCreate")
    return {"address": address}


def update_address(store: Store, asked: Asked) -> dict[str, Any]:
    """Changes the given fields of an address and keeps the others."""
    customer = _existing(store, asked.arguments["customerId"], ["customerId"])
    address = customer.get("defaultAddress")
    if address is None or number_of(address["id"]) != number_of(asked.arguments["addressId"]):
        raise MutationRefusedError([user_error(["addressId"], "Address does not exist")])
    customer["defaultAddress"] = {**address, **_address(asked.arguments["address"], partly=True)}
    _save(store, customer, "customerAddressUpdate")
    return {"address": customer["defaultAddress"]}


def _existing(store: Store, record_id: str | None, field: list[str]) -> Record:
    found = store.get("customers", record_id) if record_id and collection_of(record_id) == "customers" else None
    if found is None:
        raise MutationRefusedError([user_error(field, "Customer does not exist")])
    return found


def _written(store: Store, customer: Record, given: dict[str, Any], operation: str) -> dict[str, Any]:
    errors = [*_email_errors(store, customer, given), *_phone_errors(store, customer, given)]
    if errors:
        raise MutationRefusedError(errors)
    customer = {**customer, **{name: given[name] for name in _PLAIN if name in given}}
    if "email" in given:
        email = (given["email"] or "").strip()
        customer["defaultEmailAddress"] = {"emailAddress": email} if email else None
    if "phone" in given:
        phone = _bare_phone(given["phone"])
        customer["defaultPhoneNumber"] = {"phoneNumber": phone} if phone else None
    if "metafields" in given:
        customer = with_metafields(customer, given["metafields"])
    if "addresses" in given:
        customer["defaultAddress"] = _default_address(customer, given["addresses"])
        customer["otherAddresses"] = [
            {"id": _address_id(customer, number), **_address(address)}
            for number, address in enumerate(given["addresses"][1:], 1)
        ]
    _save(store, customer, operation)
    return {"customer": customer}


def _save(store: Store, customer: Record, operation: str) -> None:
    customer["updatedAt"] = stamp(store.clock.tick())
    store.put("customers", customer, operation=operation)


def _email_errors(store: Store, customer: Record, given: dict[str, Any]) -> list[dict[str, Any]]:
    email = (given.get("email") or "").strip()
    if not email or email == email_of(customer):
        return []
    if not _EMAIL.fullmatch(email):
        return [user_error(["email"], "Email is invalid", "INVALID")]
    return _taken(store, customer, "email", email)


def _phone_errors(store: Store, customer: Record, given: dict[str, Any]) -> list[dict[str, Any]]:
    phone = _bare_phone(given.get("phone"))
    if not phone or phone == phone_of(customer):
        return []
    if not _PHONE.fullmatch(phone):
        return [user_error(["phone"], "Phone is invalid", "INVALID")]
    return _taken(store, customer, "phone", phone)


def _bare_phone(phone: str | None) -> str:
    return re.sub(r"[\s()/.-]", "", phone or "")


def _taken(store: Store, customer: Record, field: str, value: str) -> list[dict[str, Any]]:
    own = number_of(customer["id"])
    if all(key == own for key in store.find("customers", field, value)):
        return []
    return [user_error([field], f"{field.capitalize()} has already been taken", "TAKEN")]


def _default_address(customer: Record, addresses: list[dict[str, Any]]) -> Record | None:
    """The first of the given addresses, which becomes the default one; fields that it leaves out are empty."""
    if not addresses:
        return None
    return {"id": _address_id(customer, 0), **_address(addresses[0])}


def _address_id(customer: Record, number: int) -> str:
    """The id of a customer's address; the default one has the customer's own number."""
    own = number_of(customer["id"])
    return f"{gid('MailingAddress', own if number == 0 else own * 1000 + number)}?model_name=CustomerAddress"


def _address(given: dict[str, Any], *, partly: bool = False) -> Record:
    address = {name: given.get(name) for name in _ADDRESS if not partly or name in given}
    if not partly or "countryCode" in given:
        address["countryCodeV2"] = given.get("countryCode")
    return address
