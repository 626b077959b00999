"""Checks the values of a record before it is stored."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sandbox.server.store import Store
from sandbox.vendors.netsuite.errors import NetSuiteError
from sandbox.vendors.netsuite.kinds import CUSTOMER, ITEM, Kind

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"(\D*\d){7,}\D*")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LENGTHS = {"short": 32, "text": 300}
_SYSTEM = frozenset({"id", "links", "refName"})


def refuse(detail: str, path: str, code: str = "INVALID_CONTENT") -> NetSuiteError:
    """Refuse the value at this path."""
    return NetSuiteError(code, f"Error while accessing a resource. {detail}", at={"o:errorPath": path})


def checked(store: Store, kind: Kind, values: Any, *, is_strict: bool) -> dict[str, Any]:
    """The values as they are stored; unknown names are ignored unless the call is strict."""
    if not isinstance(values, Mapping):
        raise refuse("A record must be an object.", "")
    known: dict[str, Any] = {}
    for name, value in values.items():
        form = kind.fields.get(name)
        if form is not None:
            known[name] = None if value is None else _check(store, form, name, value)
        elif is_strict and name not in _SYSTEM:
            raise refuse(f"Unknown reference or field: {kind.name} has no field {name}.", name)
    return known


def check_whole(kind: Kind, record: Mapping[str, Any]) -> None:
    """Check that a whole record has what it needs."""
    missing = [name for name in kind.required if name in kind.fields and record.get(name) is None]
    if kind is CUSTOMER:
        names = ("lastName", "firstName") if record.get("isPerson") else ("companyName",)
        missing += [name for name in names if not record.get(name)]
    if missing:
        raise refuse(f"Please enter value(s) for: {', '.join(missing)}.", missing[0], "USER_ERROR")


def _text(name: str, value: Any, longest: int = _LENGTHS["text"]) -> str:
    if not isinstance(value, str):
        raise refuse(f"Invalid value for the field {name}. Provide a string.", name)
    if len(value) > longest:
        raise refuse(f"The field {name} contained more than the maximum number ( {longest} ) of characters.", name)
    return value


def _short(name: str, value: Any) -> str:
    return _text(name, value, _LENGTHS["short"])


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise refuse(f"Invalid value for the field {name}. Provide true or false.", name)
    return value


def _email(name: str, value: Any) -> str:
    if not _EMAIL.fullmatch(_text(name, value)):
        raise refuse("Please enter a valid email address.", name, "USER_ERROR")
    return str(value)


def _phone(name: str, value: Any) -> str:
    if not _PHONE.fullmatch(_text(name, value)):
        raise refuse("Phone number should have seven digits or more.", name, "USER_ERROR")
    return str(value)


def _key(name: str, value: Any) -> str:
    if not _KEY.fullmatch(str(value)):
        raise refuse("Invalid external ID: use letters, digits, underscores and hyphens.", name)
    return str(value)


def _date(name: str, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as wrong:
        raise refuse(f"Invalid value for the field {name}. Provide a date as YYYY-MM-DD.", name) from wrong


def _reference(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value.get("id"):
        raise refuse(f"Invalid value for the resource or sub-resource field '{name}'.", name)
    return dict(value)


def _existing(store: Store, collection: str, name: str, value: Any) -> dict[str, Any]:
    found = store.get(collection, str(_reference(name, value)["id"]))
    if found is None:
        raise refuse(f"Invalid Field Value for the following field: {name}.", name, "INVALID_KEY_OR_REF")
    return found


def _customer(store: Store, name: str, value: Any) -> dict[str, Any]:
    return {"id": _existing(store, CUSTOMER.collection, name, value)["id"]}


def _sublist(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not isinstance(value.get("items"), list):
        raise refuse(f"Invalid value for the resource or sub-resource field '{name}'.", name)
    return dict(value)


def _lines(store: Store, name: str, value: Any) -> list[dict[str, Any]]:
    lines = _sublist(name, value)["items"]
    if not lines:
        raise refuse("You must enter at least one line item for this transaction.", name, "USER_ERROR")
    return [_line(store, f"{name}.items[{place}]", line) for place, line in enumerate(lines)]


def _line(store: Store, path: str, line: Mapping[str, Any]) -> dict[str, Any]:
    item = _existing(store, ITEM.collection, f"{path}.item", line.get("item"))
    quantity, rate = line.get("quantity"), line.get("rate", 0)
    if not isinstance(quantity, int | float) or quantity <= 0:
        raise refuse("Please enter a quantity.", f"{path}.quantity", "USER_ERROR")
    if not isinstance(rate, int | float):
        raise refuse("Invalid value for the field rate. Provide a number.", f"{path}.rate")
    reference = {"id": item["id"], "refName": item["itemId"]}
    return {"item": reference, "quantity": float(quantity), "rate": float(rate), "amount": quantity * float(rate)}


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "text": _text,
    "short": _short,
    "flag": _flag,
    "email": _email,
    "phone": _phone,
    "key": _key,
    "date": _date,
    "reference": _reference,
    "sublist": _sublist,
}
_CHECKS_OF_OTHERS: dict[str, Callable[[Store, str, Any], Any]] = {"customer": _customer, "lines": _lines}


def _check(store: Store, form: str, name: str, value: Any) -> Any:
    if form in _CHECKS:
        return _CHECKS[form](name, value)
    return _CHECKS_OF_OTHERS[form](store, name, value)
