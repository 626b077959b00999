"""Creates, changes, archives, merges and purges single records."""

from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.hubspot.errors import HubSpotError, invalid_request, invalid_value, not_found
from sandbox.vendors.hubspot.objects import ObjectType, checked, stamp

_FIRST_ID = 900_000_000_000


def merged_into(store: Store, kind: ObjectType, record_id: str) -> str:
    """The id of the record into which this one was merged; its own where it was not merged."""
    seen: set[str] = set()
    while record_id not in seen:
        seen.add(record_id)
        record_id = str(store.noted(f"merged:{kind.name}", record_id) or record_id)
    return record_id


def existing(
    store: Store, kind: ObjectType, name: str, *, id_property: str = "", is_archived: bool = False
) -> Record:
    """The record under an id (an old id leads to where it was merged) or under a unique value."""
    if id_property and id_property != "hs_object_id":
        keys = store.find(kind.name, unique_property(kind, id_property), name)
        found = store.get_by_key(kind.name, keys[0]) if keys else None
    else:
        name = merged_into(store, kind, name)
        found = store.get(kind.name, name) if name.isdigit() else None
    if found is None or found["archived"] is not is_archived:
        raise not_found()
    return found


def unique_property(kind: ObjectType, name: str) -> str:
    """A property by which a record can be found instead of by its id."""
    item = kind.properties.get(name)
    if item is None or not item.is_unique:
        raise invalid_request(f"Property {name} is not a unique property of {kind.name}")
    return name


def create(store: Store, kind: ObjectType, properties: dict[str, Any], *, operation: str) -> Record:
    """A new record."""
    values = checked(kind, properties)
    _refuse_duplicates(store, kind, values, own_id="")
    now = stamp(store.clock.tick())
    record: Record = {
        "id": _next_id(store, kind),
        "properties": values,
        "createdAt": now,
        "updatedAt": now,
        "archived": False,
    }
    store.put(kind.name, record, operation=operation)
    return record


def update(
    store: Store, kind: ObjectType, record: Record, properties: dict[str, Any], *, operation: str
) -> Record:
    """Change the given properties; the stamp moves also when their values are the same as before."""
    values = checked(kind, properties)
    _refuse_duplicates(store, kind, values, own_id=record["id"])
    kept = record["properties"]
    record = {**record, "properties": {**kept, **values}, "updatedAt": stamp(store.clock.tick())}
    store.put(kind.name, record, operation=operation)
    return record


def archive(store: Store, kind: ObjectType, record_id: str, *, operation: str) -> bool:
    """Archive a record without moving its change stamp; False where there was nothing to archive."""
    record = store.get(kind.name, record_id) if record_id.isdigit() else None
    if record is None or record["archived"]:
        return False
    record |= {"archived": True, "archivedAt": stamp(store.clock.tick())}
    store.put(kind.name, record, operation=operation)
    return True


def merge(store: Store, kind: ObjectType, primary_id: str, other_id: str, *, has_new_id: bool) -> Record:
    """Merge two records, under a new id where the account merges that way; the old ids then lead to it."""
    primary, other = existing(store, kind, primary_id), existing(store, kind, other_id)
    if primary["id"] == other["id"]:
        raise invalid_request("Objects cannot be merged with themselves")
    values = {**other["properties"], **{name: v for name, v in primary["properties"].items() if v is not None}}
    gone = [other["id"], *([primary["id"]] if has_new_id else [])]
    before = [record["properties"].get("hs_merged_object_ids") for record in (primary, other)]
    values["hs_merged_object_ids"] = ";".join(dict.fromkeys([*filter(None, before), *gone]))
    if other["properties"].get("email"):
        values["hs_additional_emails"] = other["properties"]["email"]
    with store.transaction():
        record = {**primary, "properties": values, "updatedAt": stamp(store.clock.tick())}
        if has_new_id:
            record["id"] = _next_id(store, kind)
        for old in gone:
            store.remove(kind.name, old, operation=f"merge:{kind.name}")
            store.note(f"merged:{kind.name}", old, record["id"])
        store.put(kind.name, record, operation=f"merge:{kind.name}")
    return record


def purge(store: Store, kind: ObjectType, name: str, *, id_property: str = "") -> None:
    """Delete a record for good."""
    record = existing(store, kind, name, id_property=id_property)
    store.remove(kind.name, record["id"], operation=f"purge:{kind.name}")


def _next_id(store: Store, kind: ObjectType) -> str:
    number = int(store.noted("sequence", kind.name) or _FIRST_ID) + 1
    store.note("sequence", kind.name, number)
    return str(number)


def _refuse_duplicates(store: Store, kind: ObjectType, values: dict[str, str | None], *, own_id: str) -> None:
    for name, value in values.items():
        if value is None or not kind.properties[name].is_unique:
            continue
        others = [str(key) for key in store.find(kind.name, name, value) if str(key) != own_id]
        if others and name == "email":
            message = f"Contact already exists. Existing ID: {others[0]}"
            raise HubSpotError("CONFLICT", message, status=409)
        if others:
            message = f"propertyName={name} already has the value {value} on {others[0]}"
            raise invalid_value(name, "CONFLICTING_UNIQUE_VALUE", message)
