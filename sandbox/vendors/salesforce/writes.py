"""Writes single records: checks the values, and sets the stamps."""

import re
from datetime import date
from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.salesforce.conditions import object_named
from sandbox.vendors.salesforce.countries import with_both
from sandbox.vendors.salesforce.errors import SalesforceError, not_found
from sandbox.vendors.salesforce.objects import Field, SObject, long_id, new_id, stamp

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_SEQUENCE = "sequence"


def existing(store: Store, sobject: SObject, record_id: str) -> Record:
    """The record to be changed; a deleted one is refused with an error of its own."""
    record_id = long_id(record_id)
    found = store.get(sobject.name, record_id) if record_id.startswith(sobject.prefix) else None
    if found is None:
        raise not_found()
    if found["IsDeleted"]:
        raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", status=404)
    return found


def create(store: Store, sobject: SObject, values: dict[str, Any], *, operation: str) -> Record:
    """A new record."""
    checked = _checked(store, sobject, values)
    missing = [
        f.name for f in sobject.own_fields if f.is_required and f.is_writable and checked.get(f.name) is None
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise SalesforceError("REQUIRED_FIELD_MISSING", message, fields=tuple(missing))
    _refuse_duplicates(store, sobject, checked, own_id=None)
    with store.transaction():
        number = int(store.noted(_SEQUENCE, sobject.name) or 0) + 1
        store.note(_SEQUENCE, sobject.name, number)
        now = stamp(store.clock.tick())
        record: Record = {"Id": new_id(sobject, number), **{f.name: None for f in sobject.own_fields}, **checked}
        if sobject.field("OrderNumber"):
            record |= {"OrderNumber": f"S{number:07d}", "TotalAmount": 0.0}
        record |= {"IsDeleted": False, "CreatedDate": now, "SystemModstamp": now}
        store.put(sobject.name, record, operation=operation)
    return record


def update(store: Store, sobject: SObject, record_id: str, values: dict[str, Any], *, operation: str) -> Record:
    """Change the given fields; the stamp moves also when their values are the same as before."""
    record = existing(store, sobject, record_id)
    checked = _checked(store, sobject, values)
    for name, value in checked.items():
        item = sobject.field(name)
        if value is None and item is not None and item.is_required:
            raise SalesforceError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", fields=(name,)
            )
    _refuse_duplicates(store, sobject, checked, own_id=record["Id"])
    record = {**record, **checked, "SystemModstamp": stamp(store.clock.tick())}
    store.put(sobject.name, record, operation=operation)
    return record


def upsert(
    store: Store, sobject: SObject, key: tuple[str, str], values: dict[str, Any], *, operation: str
) -> tuple[Record, bool]:
    """Change or create the record with this external id; True when it was created."""
    if any(name.lower() == "id" for name in values):
        raise SalesforceError(
            "INVALID_FIELD", "The Id field should not be specified in the sobject data.", fields=("Id",)
        )
    name, value = key
    found = matches(store, sobject, name, value)
    if len(found) > 1:
        raise SalesforceError(
            "MULTIPLE_CHOICES", f"{name}: more than one record found for external id field", status=300
        )
    if found:
        return update(store, sobject, found[0]["Id"], values, operation=operation), False
    return create(store, sobject, {**values, name: value}, operation=operation), True


def external_field(sobject: SObject, name: str) -> Field:
    """The external id field of that name."""
    item = sobject.field(name)
    if item is None or not item.is_external_id:
        raise SalesforceError(
            "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}", status=404
        )
    return item


def matches(store: Store, sobject: SObject, name: str, value: object) -> list[Record]:
    """The records with this external id that are not deleted."""
    found = (store.get_by_key(sobject.name, key) for key in store.find(sobject.name, name, value))
    return [record for record in found if record and not record["IsDeleted"]]


def delete(store: Store, sobject: SObject, record_id: str, *, operation: str) -> None:
    """Delete a record into the recycle bin; with an account its contacts."""
    record = existing(store, sobject, record_id)
    with store.transaction():
        record |= {"IsDeleted": True, "SystemModstamp": stamp(store.clock.tick())}
        store.put(sobject.name, record, operation=operation)
        if sobject.name == "Account":
            contact = object_named("Contact")
            for child in matches(store, contact, "AccountId", record["Id"]):
                delete(store, contact, child["Id"], operation=operation)


def _checked(store: Store, sobject: SObject, values: dict[str, Any]) -> Record:
    checked: Record = {}
    for name, value in values.items():
        if name == "attributes":
            continue
        reference = sobject.relationship(name)
        if reference is not None and isinstance(value, dict):
            checked[reference.name] = _referred(store, reference, value)
            continue
        item = sobject.field(name)
        if item is None:
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise SalesforceError("INVALID_FIELD", message)
        if not item.is_writable:
            message = (
                f"Unable to create/update fields: {item.name}. Please check the security settings of this field "
                "and verify that it is read/write for your profile or permission set."
            )
            raise SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=(item.name,))
        checked[item.name] = _value(store, item, value)
    return with_both(sobject, checked)


def _referred(store: Store, reference: Field, value: dict[str, Any]) -> str:
    """A parent named by its external id instead of its id."""
    other = object_named(reference.refers_to or "")
    name, wanted = next(((n, v) for n, v in value.items() if n != "attributes"), ("", None))
    found = matches(store, other, external_field(other, name).name, wanted)
    if not found:
        message = f"Foreign key external ID: {wanted} not found for field {name} in entity {other.name}"
        raise SalesforceError("INVALID_FIELD", message)
    return str(found[0]["Id"])


def _value(store: Store, item: Field, value: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if item.type == "currency":
        return _number(item, value)
    if not isinstance(value, str):
        raise SalesforceError(
            "JSON_PARSER_ERROR",
            f"Cannot deserialize instance of {item.type} from {type(value).__name__} value {value}",
        )
    value = value.strip()
    if item.type == "reference":
        return _reference(store, item, value)
    if item.type == "date":
        return _date(item, value)
    if len(value) > item.length:
        message = f"{item.name}: data value too large: {value} (max length={item.length})"
        raise SalesforceError("STRING_TOO_LONG", message, fields=(item.name,))
    if item.type == "email" and not _EMAIL.fullmatch(value):
        message = f"{item.name}: invalid email address: {value}"
        raise SalesforceError("INVALID_EMAIL_ADDRESS", message, fields=(item.name,))
    if item.values and value not in item.values:
        message = f"{item.name}: bad value for restricted picklist field: {value}"
        raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=(item.name,))
    return value


def _number(item: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SalesforceError(
            "JSON_PARSER_ERROR", f"Cannot deserialize instance of {item.type} from value {value}"
        )
    return float(value)


def _reference(store: Store, item: Field, value: str) -> str:
    other = object_named(item.refers_to or "")
    found = store.get(other.name, value) if long_id(value).startswith(other.prefix) else None
    if found is None or found["IsDeleted"]:
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=(item.name,))
    return long_id(value)


def _date(item: Field, value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError as wrong:
        message = f"Cannot deserialize instance of date from VALUE_STRING value {value}"
        raise SalesforceError("JSON_PARSER_ERROR", message, fields=(item.name,)) from wrong


def _refuse_duplicates(store: Store, sobject: SObject, values: Record, *, own_id: str | None) -> None:
    for name, value in values.items():
        item = sobject.field(name)
        if value is None or item is None or not item.is_external_id:
            continue
        others = [record["Id"] for record in matches(store, sobject, name, value) if record["Id"] != own_id]
        if others:
            message = f"duplicate value found: {name} duplicates value on record with id: {others[0]}"
            raise SalesforceError("DUPLICATE_VALUE", message, fields=(name,))
