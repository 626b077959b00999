"""The control desk of a vendor: plants faults, edits records as a person would, and reports calls and effects.

It has no login, so it serves the loopback interface only.
"""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request

from sandbox.server.faults import Faults
from sandbox.server.gate import CONTROL, CallLog
from sandbox.server.queries import Order, Where
from sandbox.server.records import decode
from sandbox.server.vendor import Vendor

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


def _refuse_strangers(request: Request) -> None:
    if request.client is None or request.client.host not in _LOOPBACK:
        raise HTTPException(403, "the control desk answers on loopback only")


def add_control(app: FastAPI, vendor: Vendor, faults: Faults, log: CallLog) -> None:
    """Add the paths of the desk to those of the vendor."""
    router = APIRouter(prefix=CONTROL, dependencies=[Depends(_refuse_strangers)])
    _add_faults(router, faults)
    _add_settings(router, vendor)
    _add_records(router, vendor)
    _add_listings(router, vendor)
    _add_counts(router, vendor, log)

    @router.get("/health")
    async def health() -> dict[str, Any]:
        return {
            "vendor": vendor.name,
            "records": {name: vendor.store.count(name) for name in vendor.store.collections},
        }

    @router.post("/reset")
    async def reset(wanted: dict[str, Any] | None = None) -> dict[str, Any]:
        faults.remove()
        log.clear()
        vendor.reset()
        vendor.store.shortened = ""
        vendor.store.clock.put_back(0)
        vendor.account.restore()
        vendor.store.forget_effects()
        if wanted and wanted.get("data"):
            vendor.store.clear()
        if wanted and wanted.get("to_kept"):
            vendor.store.restore()
        return {"reset": True}

    @router.post("/keep")
    async def keep() -> dict[str, Any]:
        """Remember all records as they are now; a reset `to_kept` brings them back."""
        vendor.store.keep()
        return {"kept": True}

    app.include_router(router)


def _add_settings(router: APIRouter, vendor: Vendor) -> None:
    @router.post("/limits")
    async def limits(wanted: dict[str, Any]) -> dict[str, Any]:
        return vendor.set_limits(wanted)

    @router.post("/shorten")
    async def shorten(wanted: dict[str, Any]) -> dict[str, Any]:
        """Keep a value without its last sign whenever it is written, as a column that is too narrow does."""
        vendor.store.shortened = str(wanted["value"])
        return {"shortened": vendor.store.shortened}

    @router.post("/clock")
    async def clock(wanted: dict[str, Any]) -> dict[str, Any]:
        vendor.store.clock.put_back(float(wanted["behind"]))
        return {"date": vendor.store.clock.http_date}

    @router.post("/account")
    async def account(wanted: dict[str, Any]) -> dict[str, Any]:
        try:
            if "scopes" in wanted:
                vendor.grant(wanted["scopes"])
            collection = wanted.get("collection", "")
            for name in wanted.get("lacks", ()):
                vendor.account.lack(collection, name)
            for name, kind in wanted.get("types", {}).items():
                vendor.account.retype(collection, name, kind)
            for name, changes in wanted.get("changes", {}).items():
                vendor.account.alter(collection, name, changes)
        except KeyError as unknown:
            raise HTTPException(404, str(unknown.args[0])) from unknown
        return {"changed": True}


def _add_faults(router: APIRouter, faults: Faults) -> None:
    @router.post("/faults")
    async def plant(wanted: dict[str, Any] | list[dict[str, Any]]) -> dict[str, Any]:
        rules = wanted if isinstance(wanted, list) else [wanted]
        try:
            return {"ids": [faults.plant(rule).number for rule in rules]}
        except (ValueError, KeyError) as refused:
            raise HTTPException(422, str(refused)) from refused

    @router.get("/faults")
    async def show() -> list[dict[str, Any]]:
        return [rule.shown() for rule in faults.rules]

    @router.delete("/faults")
    async def remove_all() -> dict[str, Any]:
        faults.remove()
        return {"removed": True}

    @router.delete("/faults/{number}")
    async def remove(number: int) -> dict[str, Any]:
        faults.remove(number)
        return {"removed": True}


def _collection_of(vendor: Vendor, name: str) -> str:
    try:
        return vendor.canonical(name)
    except KeyError as unknown:
        raise HTTPException(404, str(unknown.args[0])) from unknown


def _add_records(router: APIRouter, vendor: Vendor) -> None:
    @router.post("/edit")
    async def edit(wanted: dict[str, Any]) -> dict[str, Any]:
        collection, record_id = _collection_of(vendor, wanted["resource"]), wanted.get("id")
        if wanted.get("delete"):
            return {"deleted": vendor.delete(collection, str(record_id))}
        try:
            return vendor.edit(collection, record_id, wanted.get("set", {}))
        except KeyError as missing:
            raise HTTPException(404, f"no {collection} {record_id}") from missing

    @router.post("/put")
    async def put(wanted: dict[str, Any]) -> dict[str, Any]:
        collection = _collection_of(vendor, wanted["resource"])
        records = (vendor.prepare(collection, record) for record in wanted["records"])
        return {"put": vendor.store.load(collection, records)}


def _add_listings(router: APIRouter, vendor: Vendor) -> None:
    @router.get("/records/{resource}")
    async def records(resource: str, limit: int = 1000, after: str | None = None) -> dict[str, Any]:
        collection = _collection_of(vendor, resource)
        order, where = Order(), Where()
        if after is not None:
            where = order.after(where, (0, int(after) if after.isdigit() else after))
        rows = vendor.store.page(collection, where, order, limit=limit)
        following = str(rows[-1][0]) if len(rows) == limit else None
        return {"records": [decode(row[2]) for row in rows], "next": following}

    @router.get("/records/{resource}/one")
    async def record(resource: str, record_id: Annotated[str, Query(alias="id")]) -> dict[str, Any]:
        found = vendor.store.get(_collection_of(vendor, resource), record_id)
        if found is None:
            raise HTTPException(404, f"no {resource} {record_id}")
        return found


def _add_counts(router: APIRouter, vendor: Vendor, log: CallLog) -> None:
    @router.get("/counts")
    async def counts() -> dict[str, Any]:
        effects: Counter[str] = Counter()
        records: dict[str, dict[str, int]] = {}
        for _, _, operation, collection, record_id, _ in vendor.store.effects():
            effects[operation] += 1
            _tally(records, f"{collection}/{record_id}", "effects", 1)
        for (collection, name), times in log.targets.items():
            _tally(records, f"{collection}/{vendor.resolve(collection, name)}", "attempts", times)
        return {
            "calls": log.calls,
            "attempts": dict(log.operations),
            "effects": dict(effects),
            "statuses": {str(status): times for status, times in log.statuses.items()},
            "records": records,
        }

    @router.get("/effects")
    async def effects(after: int = 0) -> list[dict[str, Any]]:
        names = ("n", "at", "operation", "resource", "id", "content")
        return [dict(zip(names, row, strict=True)) for row in vendor.store.effects() if row[0] > after]

    @router.get("/log")
    async def history(after: int = 0) -> list[dict[str, Any]]:
        return [entry for entry in log.history if entry["n"] > after]


def _tally(records: dict[str, dict[str, int]], name: str, what: str, times: int) -> None:
    entry = records.setdefault(name, {"attempts": 0, "effects": 0})
    entry[what] += times
