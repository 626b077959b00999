"""Writes stock by compare and swap, all lines of a call or none."""

from typing import Any

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import gid, number_of, stamp
from sandbox.vendors.shopify.refusals import Asked, MutationRefusedError, user_error

_CAS_SINCE = "2026-04"
_MOST_LINES = 250
_MOST_PIECES = 1_000_000_000
Line = dict[str, Any]


def set_quantities(store: Store, asked: Asked) -> dict[str, Any]:
    """Set the stock of up to 250 items; one outdated line refuses all of them."""
    given = asked.arguments["input"]
    if given["name"] not in ("available", "on_hand"):
        message = "The quantity name must be either available or on_hand."
        raise MutationRefusedError([user_error(["input", "name"], message, "INVALID_NAME")])
    if len(given["quantities"]) > _MOST_LINES:
        message = f"The quantities can't be more than {_MOST_LINES}."
        raise MutationRefusedError([user_error(["input", "quantities"], message, "TOO_MANY_QUANTITIES")])
    stocktake = _Stocktake(store, given, asked.version)
    changes, errors = [], []
    for place, line in enumerate(given["quantities"]):
        try:
            changes.append(stocktake.change(line))
        except _LineRefusedError as refused:
            errors.append(
                user_error(["input", "quantities", str(place), refused.field], str(refused), refused.code)
            )
    if errors:
        raise MutationRefusedError(errors, {"inventoryAdjustmentGroup": None})
    stocktake.save()
    return {"inventoryAdjustmentGroup": _group(store, given, changes)}


def _group(store: Store, given: dict[str, Any], changes: list[Record]) -> Record:
    now = store.clock.tick()
    return {
        "id": gid("InventoryAdjustmentGroup", now),
        "createdAt": stamp(now),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "changes": changes,
    }


class _LineRefusedError(Exception):
    """One line cannot be set."""

    def __init__(self, field: str, message: str, code: str) -> None:
        super().__init__(message)
        self.field, self.code = field, code


class _Stocktake:
    """The items of one call, changed in memory until all lines are checked."""

    def __init__(self, store: Store, given: dict[str, Any], version: str) -> None:
        self._store, self._given, self._version = store, given, version
        self._items: dict[int, Record] = {}

    def change(self, line: Line) -> Record:
        """Set one line; gives the change."""
        item, level = self._found(line)
        if abs(line["quantity"]) > _MOST_PIECES:
            raise _LineRefusedError("quantity", "The quantity is out of range.", "INVALID_QUANTITY_TOO_HIGH")
        quantity = _quantity(level, self._given["name"])
        before = int(quantity["quantity"])
        self._refuse_stale(line, before)
        quantity["quantity"] = line["quantity"]
        quantity["updatedAt"] = level["updatedAt"] = stamp(self._store.clock.tick())
        return {
            "name": self._given["name"],
            "delta": line["quantity"] - before,
            "quantityAfterChange": line["quantity"],
            "item": {"id": item["id"]},
            "location": {"id": level["location"]["id"]},
        }

    def save(self) -> None:
        """Writes the changed items."""
        for item in self._items.values():
            item["updatedAt"] = stamp(self._store.clock.tick())
            self._store.put("inventory_items", item, operation="inventorySetQuantities")

    def _found(self, line: Line) -> tuple[Record, Record]:
        number = number_of(line["inventoryItemId"])
        item = self._items.get(number) or self._store.get("inventory_items", line["inventoryItemId"])
        if item is None:
            message = "The specified inventory item could not be found."
            raise _LineRefusedError("inventoryItemId", message, "INVALID_INVENTORY_ITEM")
        wanted = number_of(line["locationId"])
        for level in item.get("inventoryLevels") or ():
            if number_of(level["location"]["id"]) == wanted:
                self._items[number] = item
                return item, level
        raise _LineRefusedError("locationId", "The specified location could not be found.", "INVALID_LOCATION")

    def _refuse_stale(self, line: Line, present: int) -> None:
        """Refuse an outdated line; from 2026-04 `changeFromQuantity` is required, before `compareQuantity` was."""
        if self._version < _CAS_SINCE:
            self._refuse_stale_as_before(line, present)
            return
        if "changeFromQuantity" not in line:
            message = "The changeFromQuantity argument must be given, though it may be null."
            raise _LineRefusedError("changeFromQuantity", message, "CHANGE_FROM_QUANTITY_REQUIRED")
        if line["changeFromQuantity"] not in (None, present):
            message = "The quantity has changed since it was read."
            raise _LineRefusedError("changeFromQuantity", message, "CHANGE_FROM_QUANTITY_STALE")

    def _refuse_stale_as_before(self, line: Line, present: int) -> None:
        if self._given.get("ignoreCompareQuantity"):
            return
        if line.get("compareQuantity") is None:
            message = "The compareQuantity argument must be given to each quantity or ignored."
            raise _LineRefusedError("compareQuantity", message, "COMPARE_QUANTITY_REQUIRED")
        if line["compareQuantity"] != present:
            message = "The compareQuantity value does not match the persisted value."
            raise _LineRefusedError("compareQuantity", message, "COMPARE_QUANTITY_STALE")


def _quantity(level: Record, name: str) -> dict[str, Any]:
    quantities: list[dict[str, Any]] = level.setdefault("quantities", [])
    for quantity in quantities:
        if quantity["name"] == name:
            return quantity
    quantities.append({"name": name, "quantity": 0})
    return quantities[-1]
