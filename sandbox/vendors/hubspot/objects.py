"""The CRM's object types, their properties, and the shape in which a record is stored and shown."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.records import Collection, Record
from sandbox.vendors.hubspot.errors import invalid_value

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LIFECYCLE = ("subscriber", "lead", "marketingqualifiedlead", "opportunity", "customer", "evangelist", "other")
_STAGES = ("checkout_pending", "checkout_completed", "processed", "shipped", "cancelled")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a type; all values are sent as text."""

    name: str
    type: str = "string"
    options: tuple[str, ...] = ()
    is_read_only: bool = False
    is_unique: bool = False


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A kind of record: its name in paths, its number, and the name of its change stamp."""

    name: str
    type_id: str
    modified: str
    properties: dict[str, Property]

    @property
    def collection(self) -> Collection:
        """The collection in the store."""
        unique = [item.name for item in self.properties.values() if item.is_unique]
        return Collection(
            self.name,
            "id",
            "updatedAt",
            int,
            lambda record: to_micros(record["updatedAt"]),
            {name: _value_of(name) for name in unique},
            "archived",
        )


def _value_of(name: str) -> Callable[[Record], str | None]:
    return lambda record: None if record["archived"] else record["properties"].get(name)


def _type(name: str, type_id: str, modified: str, properties: Iterable[Property]) -> ObjectType:
    own = (
        Property("hs_object_id", "number", is_read_only=True),
        Property("createdate", "datetime", is_read_only=True),
        Property(modified, "datetime", is_read_only=True),
        Property("hs_merged_object_ids", "enumeration", is_read_only=True),
    )
    return ObjectType(name, type_id, modified, {item.name: item for item in (*own, *properties)})


def _texts(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name) for name in names)


TYPES = {
    item.name: item
    for item in (
        _type(
            "contacts",
            "0-1",
            "lastmodifieddate",
            (
                Property("email", "email", is_unique=True),
                Property("concord_id", is_unique=True),
                Property("lifecyclestage", "enumeration", options=_LIFECYCLE),
                Property("hs_email_optout", "bool", is_read_only=True),
                Property("hs_additional_emails", "enumeration", is_read_only=True),
                Property("associatedcompanyid", "number"),
                *_texts("firstname", "lastname", "phone", "address", "city", "zip", "country"),
                *_texts("jobtitle", "erp_customer_id"),
            ),
        ),
        _type(
            "companies",
            "0-2",
            "hs_lastmodifieddate",
            (
                Property("concord_id", is_unique=True),
                Property("lifecyclestage", "enumeration", options=_LIFECYCLE),
                *_texts("name", "domain", "phone", "address", "city", "zip", "country"),
                *_texts("description", "erp_customer_id"),
            ),
        ),
        _type(
            "deals",
            "0-3",
            "hs_lastmodifieddate",
            (
                Property("shop_order_name", is_unique=True),
                Property("amount", "number"),
                Property("dealstage", "enumeration", options=_STAGES),
                Property("closedate", "datetime"),
                Property("hs_primary_associated_company", "number", is_read_only=True),
                *_texts("dealname", "deal_currency_code", "pipeline", "description", "erp_customer_id"),
            ),
        ),
    )
}
COLLECTIONS = tuple(item.collection for item in TYPES.values())


def type_named(name: str) -> ObjectType | None:
    """The type of a path segment: its name, or its number."""
    return TYPES.get(name) or next((item for item in TYPES.values() if item.type_id == name), None)


def stamp(micros: int) -> str:
    """A stamp with milliseconds, which are left out where they are zero."""
    moment = to_datetime(micros)
    digits = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.isoformat(timespec=digits).replace("+00:00", "Z")


def shown(kind: ObjectType, record: Record, names: Iterable[str] = ()) -> Record:
    """A record as the API shows it: the properties asked for, and those that are always shown."""
    own = {"hs_object_id": record["id"], "createdate": record["createdAt"], kind.modified: record["updatedAt"]}
    values = record["properties"]
    asked = {name: values.get(name) for name in names if name in kind.properties}
    told = {**record, "properties": {**asked, **own}}
    return {name: value for name, value in told.items() if value is not None}


def described(item: Property) -> dict[str, Any]:
    """The definition of a property as the API shows it."""
    return {
        "name": item.name,
        "label": item.name,
        "type": "string" if item.type == "email" else item.type,
        "fieldType": "text",
        "groupName": "information",
        "options": [{"label": option, "value": option} for option in item.options],
        "hasUniqueValue": item.is_unique,
        "modificationMetadata": {"readOnlyValue": item.is_read_only, "readOnlyDefinition": True},
    }


def checked(kind: ObjectType, properties: dict[str, Any]) -> dict[str, str | None]:
    """The values of a write in the stored form; an empty text clears a property."""
    return {name: _checked(kind, name, value) for name, value in properties.items()}


def _checked(kind: ObjectType, name: str, value: Any) -> str | None:
    item = kind.properties.get(name)
    if item is None:
        raise invalid_value(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if item.is_read_only:
        raise invalid_value(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    check = _CHECKS.get(item.type)
    return check(item, text) if check else text


def _email(item: Property, text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise invalid_value(item.name, "INVALID_EMAIL", f"Email address {text} is invalid")
    return text.lower()


def _number(item: Property, text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise invalid_value(item.name, "INVALID_LONG", f"{text} was not a valid long.")
    return text


def _option(item: Property, text: str) -> str:
    if item.options and text not in item.options:
        allowed = ", ".join(item.options)
        raise invalid_value(item.name, "INVALID_OPTION", f"{text} was not one of the allowed options: [{allowed}]")
    return text


def _moment(item: Property, text: str) -> str:
    try:
        moment = datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else datetime.fromisoformat(text)
    except ValueError as wrong:
        raise invalid_value(item.name, "INVALID_DATE", f"{text} was not a valid date.") from wrong
    return stamp(to_micros(moment.isoformat()))


_CHECKS: dict[str, Callable[[Property, str], str]] = {
    "email": _email,
    "number": _number,
    "enumeration": _option,
    "datetime": _moment,
}
