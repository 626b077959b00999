"""Stores, shows, imports and unsubscribes profiles."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.records import Collection, Record
from sandbox.server.store import Store
from sandbox.vendors.klaviyo.errors import KlaviyoError, not_found

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_TEXTS = frozenset({"first_name", "last_name", "organization", "locale", "title", "image", "external_id"})
_PLACES = frozenset(
    {"address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone"}
)
_PLACES |= {"ip"}
SETTABLE = _TEXTS | {"email", "phone_number", "location", "properties", "anonymous_id", "_kx"}
_IDENTIFIERS = ("external_id", "email", "phone_number")
OPTED_OUT = "UNSUBSCRIBED"

COLLECTION = Collection(
    "profiles",
    "id",
    "stamp",
    str,
    lambda record: to_micros(record["attributes"]["updated"]),
    {
        "email": lambda record: record["attributes"].get("email"),
        "phone_number": lambda record: record["attributes"].get("phone_number"),
        "external_id": lambda record: record["attributes"].get("external_id"),
    },
)


def now(store: Store) -> str:
    """The time now in whole seconds, as in all of Klaviyo's stamps."""
    return to_datetime(store.clock.tick()).isoformat(timespec="seconds")


def shown(record: Record, *, has_subscriptions: bool) -> Record:
    """A profile as the API shows it: subscriptions only where asked for, lists never."""
    hidden = {"lists"} if has_subscriptions else {"lists", "subscriptions"}
    attributes = {name: value for name, value in record["attributes"].items() if name not in hidden}
    links = {"self": f"https://a.klaviyo.com/api/profiles/{record['id']}/"}
    return {"type": "profile", "id": record["id"], "attributes": attributes, "links": links}


def existing(store: Store, record_id: str) -> Record:
    """The profile under an id."""
    record = store.get("profiles", record_id)
    if record is None:
        raise not_found("profile", record_id)
    return record


def find(store: Store, profile: Mapping[str, Any]) -> Record | None:
    """Find the profile that an import is for, by its id or else by each of its identifiers."""
    if profile.get("id"):
        return existing(store, str(profile["id"]))
    attributes = profile.get("attributes") or {}
    for name in _IDENTIFIERS:
        keys = store.find("profiles", name, attributes[name]) if attributes.get(name) else []
        if keys:
            return store.get_by_key("profiles", keys[0])
    return None


def create(store: Store, attributes: Mapping[str, Any], *, operation: str) -> Record:
    """Create a profile without consent."""
    values = checked(attributes)
    if not any(values.get(name) for name in _IDENTIFIERS):
        raise KlaviyoError("invalid", "One of email, phone_number or external_id is needed.", pointer="/data")
    _refuse_duplicates(store, values, own_id="")
    stamp = now(store)
    number = int(store.noted("sequence", "profiles") or 0) + 1
    store.note("sequence", "profiles", number)
    never = {"consent": "NEVER_SUBSCRIBED", "suppression": [], "list_suppressions": [], "last_updated": stamp}
    email = {**never, "can_receive_email_marketing": True, "consent_timestamp": None}
    empty = dict.fromkeys((*_TEXTS, "email", "phone_number"))
    record: Record = {
        "type": "profile",
        "id": f"01ZZ{number:022d}",
        "attributes": {
            **empty,
            "location": {},
            "properties": {},
            **values,
            "created": stamp,
            "updated": stamp,
            "subscriptions": {"email": {"marketing": email}},
        },
    }
    store.put("profiles", record, operation=operation)
    return record


def update(store: Store, record: Record, attributes: Mapping[str, Any], *, operation: str) -> Record:
    """Change the given values, also within properties; null clears a value, and a location is replaced."""
    values = checked(attributes)
    _refuse_duplicates(store, values, own_id=record["id"])
    kept = record["attributes"]
    if isinstance(values.get("properties"), dict):
        values["properties"] = {**(kept.get("properties") or {}), **values["properties"]}
    if isinstance(values.get("location"), dict):
        values["location"] = {**dict.fromkeys(kept.get("location") or {}), **values["location"]}
    record = {**record, "attributes": {**kept, **values, "updated": now(store)}}
    store.put("profiles", record, operation=operation)
    return record


def set_consent(store: Store, record: Record, consent: str, *, operation: str, moves: bool = True) -> Record:
    """Set the consent to e-mail; `moves` says whether the profile's own stamp moves with it."""
    at = now(store)
    channel = record["attributes"]["subscriptions"]["email"]["marketing"]
    suppression = [item for item in channel["suppression"] if item["reason"] != "UNSUBSCRIBE"]
    if consent == OPTED_OUT:
        suppression = [*suppression, {"reason": "UNSUBSCRIBE", "timestamp": at}]
    channel = {
        **channel,
        "consent": consent,
        "can_receive_email_marketing": not suppression,
        "consent_timestamp": at if consent == "SUBSCRIBED" else None,
        "last_updated": at,
        "suppression": suppression,
    }
    subscriptions = {**record["attributes"]["subscriptions"], "email": {"marketing": channel}}
    stamp = {"updated": at} if moves else {}
    record = {**record, "attributes": {**record["attributes"], "subscriptions": subscriptions, **stamp}}
    store.put("profiles", record, operation=operation)
    return record


def checked(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a write in the stored form; consent is not among them."""
    for name in attributes:
        if name not in SETTABLE:
            raise KlaviyoError("invalid", f"'{name}' is not a valid field.", pointer=f"/data/attributes/{name}")
    values = dict(attributes)
    if values.get("email") is not None:
        values["email"] = _matching(_EMAIL, "email", values["email"]).lower()
    if values.get("phone_number") is not None:
        values["phone_number"] = _matching(_E164, "phone_number", values["phone_number"])
    for name in _TEXTS & values.keys():
        if values[name] is not None and not isinstance(values[name], str):
            raise KlaviyoError("invalid", f"'{name}' must be a string.", pointer=f"/data/attributes/{name}")
    for name in (values.get("location") or {}).keys() - _PLACES:
        raise KlaviyoError("invalid", f"'{name}' is not valid.", pointer=f"/data/attributes/location/{name}")
    return values


def _matching(pattern: re.Pattern[str], name: str, value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value.strip()):
        example = "+12345678901" if name == "phone_number" else "name@example.com"
        detail = f"Invalid {name.replace('_', ' ')} format: {value} (Example of a valid format: {example})"
        raise KlaviyoError("invalid", detail, pointer=f"/data/attributes/{name}")
    return value.strip()


def _refuse_duplicates(store: Store, values: Mapping[str, Any], *, own_id: str) -> None:
    for name in _IDENTIFIERS:
        others = store.find("profiles", name, values[name]) if values.get(name) else []
        if other := next((str(key) for key in others if str(key) != own_id), None):
            detail = "A profile already exists with one of these identifiers."
            meta = {"duplicate_profile_id": other}
            raise KlaviyoError(
                "duplicate_profile", detail, status=409, pointer=f"/data/attributes/{name}", meta=meta
            )
