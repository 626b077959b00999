"""The handlers behind the CRM's paths."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.queries import Order, Where
from sandbox.server.store import Store
from sandbox.vendors.salesforce.bulk_api import BulkApi
from sandbox.vendors.salesforce.composite import Collections
from sandbox.vendors.salesforce.conditions import object_named
from sandbox.vendors.salesforce.errors import SalesforceError, not_found
from sandbox.vendors.salesforce.objects import OBJECTS, SObject, describe, stamp
from sandbox.vendors.salesforce.queries import (
    LARGEST_BATCH,
    SMALLEST_BATCH,
    Batch,
    projection,
    run_more,
    run_query,
)
from sandbox.vendors.salesforce.routes import Reply, Route
from sandbox.vendors.salesforce.writes import create, delete, existing, external_field, matches, update, upsert


class RestApi:
    """Handles routed calls."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.collections = Collections(store)
        self.bulk = BulkApi(store, self.collections)
        self.largest_batch = LARGEST_BATCH

    def answer(self, route: Route) -> Reply:
        """Status and body."""
        handlers: dict[str, Callable[[Route], Reply]] = {
            "query": lambda route: self._query(route, with_deleted=False),
            "query_all": lambda route: self._query(route, with_deleted=True),
            "query_more": lambda route: (200, run_more(self._store, route.parts["locator"], route.version)),
            "objects": self._objects,
            "describe": lambda route: (200, describe(self._object(route), route.version)),
            "changed": self._changed,
            "create": self._create,
            "get": self._get,
            "get_by": self._get_by,
            "update": self._update,
            "upsert": self._upsert,
            "delete": self._delete,
            "collection_create": lambda route: (200, self.collections.create(route.body())),
            "collection_update": lambda route: (200, self.collections.update(route.body())),
            "collection_upsert": self._collection_upsert,
            "collection_delete": self._collection_delete,
            "collection_get": self._collection_get,
            **self.bulk.handlers,
        }
        return handlers[route.name](route)

    def _object(self, route: Route) -> SObject:
        if route.parts["object"].lower() not in OBJECTS:
            raise not_found()
        return object_named(route.parts["object"])

    def _query(self, route: Route, *, with_deleted: bool) -> Reply:
        size = self.largest_batch
        hint = re.search(r"batchSize=(\d+)", route.call.headers.get("sforce-query-options", ""))
        if hint:
            size = min(size, max(SMALLEST_BATCH, int(hint[1])))
        first = Batch(route.query("q"), with_deleted, route.version, size)
        return 200, run_query(self._store, first)

    def _objects(self, route: Route) -> Reply:
        listed = [describe(sobject, route.version) for sobject in OBJECTS.values()]
        return 200, {
            "encoding": "UTF-8",
            "sobjects": [{k: v for k, v in item.items() if k != "fields"} for item in listed],
        }

    def _changed(self, route: Route) -> Reply:
        sobject = self._object(route)
        start, end = (to_micros(route.query(name).replace(" ", "+")) for name in ("start", "end"))
        is_deleted = route.parts["what"] == "deleted"
        where = Where("deleted = ? and updated_at >= ? and updated_at < ?", (int(is_deleted), start, end))
        rows = self._store.page(sobject.name, where, Order(by_stamp=True), limit=600_000)
        covered = {"latestDateCovered": stamp(end // 1000 * 1000)}
        if not is_deleted:
            return 200, {"ids": [row[0] for row in rows], **covered}
        earliest = datetime.now(UTC) - timedelta(days=15)
        deleted = [{"id": row[0], "deletedDate": stamp(row[1])} for row in rows]
        return 200, {
            "deletedRecords": deleted,
            "earliestDateAvailable": stamp(to_micros(earliest.isoformat())),
            **covered,
        }

    def _create(self, route: Route) -> Reply:
        sobject = self._object(route)
        record = create(self._store, sobject, route.body(), operation=f"create:{sobject.name}")
        return 201, {"id": record["Id"], "success": True, "errors": []}

    def _get(self, route: Route) -> Reply:
        sobject = self._object(route)
        record = existing(self._store, sobject, route.parts["id"])
        return 200, self._shown(route, sobject, record)

    def _get_by(self, route: Route) -> Reply:
        sobject = self._object(route)
        found = matches(
            self._store, sobject, external_field(sobject, route.parts["field"]).name, route.parts["value"]
        )
        if len(found) > 1:
            return 300, _urls(route, sobject, [record["Id"] for record in found])
        if not found:
            raise not_found()
        return 200, self._shown(route, sobject, found[0])

    def _shown(self, route: Route, sobject: SObject, record: dict[str, Any]) -> dict[str, Any]:
        wanted = route.query("fields")
        names = tuple(wanted.split(",")) if wanted else tuple(item.name for item in sobject.fields.values())
        return projection(self._store, sobject, names, route.version)(record)

    def _update(self, route: Route) -> Reply:
        sobject = self._object(route)
        self._refuse_if_modified(route, sobject)
        update(self._store, sobject, route.parts["id"], route.body(), operation=f"update:{sobject.name}")
        return 204, None

    def _refuse_if_modified(self, route: Route, sobject: SObject) -> None:
        """Refuse a write by `If-Unmodified-Since`; a change within the named second is not noticed."""
        header = route.call.headers.get("if-unmodified-since")
        if header is None:
            return
        try:
            since = parsedate_to_datetime(header)
        except ValueError as wrong:
            raise SalesforceError("INVALID_HEADER", f"bad If-Unmodified-Since header: {header}") from wrong
        record = existing(self._store, sobject, route.parts["id"])
        modified = to_datetime(to_micros(record["SystemModstamp"])).replace(microsecond=0)
        if modified > since.astimezone(UTC):
            message = "The record was modified after the time of the If-Unmodified-Since header."
            raise SalesforceError("PRECONDITION_FAILED", message, status=412)

    def _upsert(self, route: Route) -> Reply:
        sobject = self._object(route)
        name = external_field(sobject, route.parts["field"]).name
        found = matches(self._store, sobject, name, route.parts["value"])
        if len(found) > 1:
            return 300, _urls(route, sobject, [record["Id"] for record in found])
        key = (name, route.parts["value"])
        record, is_new = upsert(self._store, sobject, key, route.body(), operation=f"upsert:{sobject.name}")
        return 201 if is_new else 200, {"id": record["Id"], "success": True, "errors": [], "created": is_new}

    def _delete(self, route: Route) -> Reply:
        sobject = self._object(route)
        delete(self._store, sobject, route.parts["id"], operation=f"delete:{sobject.name}")
        return 204, None

    def _collection_upsert(self, route: Route) -> Reply:
        return 200, self.collections.upsert(route.parts["object"], route.parts["field"], route.body())

    def _collection_delete(self, route: Route) -> Reply:
        ids = [record_id for record_id in route.query("ids").split(",") if record_id]
        return 200, self.collections.delete(ids, all_or_none=route.query("allOrNone") == "true")

    def _collection_get(self, route: Route) -> Reply:
        if route.call.method == "POST":
            body = route.body()
            ids, fields = body["ids"], body["fields"]
        else:
            ids, fields = route.query("ids").split(","), route.query("fields").split(",")
        return 200, self.collections.read(route.parts["object"], ids, fields, route.version)


def _urls(route: Route, sobject: SObject, ids: list[str]) -> list[str]:
    return [f"/services/data/{route.version}/sobjects/{sobject.name}/{record_id}" for record_id in ids]
