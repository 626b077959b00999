"""The collections calls: up to 200 records, HTTP 200, and a result for each in the order of the request."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.server.store import Store
from sandbox.vendors.salesforce.conditions import object_named
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.objects import OBJECTS, SObject
from sandbox.vendors.salesforce.queries import projection
from sandbox.vendors.salesforce.writes import create, delete, external_field, update, upsert

MOST_RECORDS = 200
MOST_READ = 2000
Result = dict[str, Any]
WriteOne = Callable[[Any], Result]


class _RolledBackError(Exception):
    """One record failed of a call that writes all or none."""


def records_in(body: Any) -> list[dict[str, Any]]:
    """The records of a request body."""
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SalesforceError("JSON_PARSER_ERROR", "The request must hold an array of records.")
    return records


def object_in(record: Mapping[str, Any]) -> SObject:
    """The object that a record names as its type."""
    name = (record.get("attributes") or {}).get("type")
    if not name:
        raise SalesforceError("INVALID_INPUT", "The record's attributes must name its type.")
    return object_named(str(name))


class Collections:
    """Writes many records at once; `row_faults` says which rows fail, as locked rows do."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.row_faults: Mapping[str, Any] | None = None

    def create(self, body: Any) -> list[Result]:
        """Inserts."""

        def write(record: dict[str, Any]) -> Result:
            sobject = object_in(record)
            made = create(self._store, sobject, record, operation=f"collection_create:{sobject.name}")
            return _success(made["Id"])

        return self._each(records_in(body), write, all_or_none=bool(body.get("allOrNone")))

    def update(self, body: Any) -> list[Result]:
        """Updates by id."""

        def write(record: dict[str, Any]) -> Result:
            sobject = object_in(record)
            record_id = record.get("id") or record.get("Id")
            if not record_id:
                raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call", fields=("Id",))
            values = {name: value for name, value in record.items() if name.lower() != "id"}
            changed = update(
                self._store, sobject, record_id, values, operation=f"collection_update:{sobject.name}"
            )
            return _success(changed["Id"])

        return self._each(records_in(body), write, all_or_none=bool(body.get("allOrNone")))

    def upsert(self, object_name: str, field_name: str, body: Any) -> list[Result]:
        """Upsert by an external id; a key that occurs twice in a call is refused both times."""
        sobject = object_named(object_name)
        name = external_field(sobject, field_name).name
        records = records_in(body)
        times = Counter(str(record.get(name)) for record in records)

        def write(record: dict[str, Any]) -> Result:
            value = record.get(name)
            if value is None or not str(value).strip():
                raise SalesforceError("MISSING_ARGUMENT", f"{name} not specified", fields=(name,))
            if times[str(value)] > 1:
                raise SalesforceError(
                    "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", fields=(name,)
                )
            values = {key: given for key, given in record.items() if key != name}
            operation = f"collection_upsert:{sobject.name}"
            made, is_new = upsert(self._store, sobject, (name, str(value)), values, operation=operation)
            return {**_success(made["Id"]), "created": is_new}

        return self._each(records, write, all_or_none=bool(body.get("allOrNone")))

    def delete(self, ids: list[str], *, all_or_none: bool) -> list[Result]:
        """Deletes by id."""

        def write(record_id: str) -> Result:
            sobject = next((item for item in OBJECTS.values() if record_id.startswith(item.prefix)), None)
            if sobject is None:
                raise SalesforceError("MALFORMED_ID", f"malformed id {record_id}")
            delete(self._store, sobject, record_id, operation=f"collection_delete:{sobject.name}")
            return _success(record_id)

        return self._each(ids, write, all_or_none=all_or_none)

    def read(
        self, object_name: str, ids: list[str], fields: list[str], version: str
    ) -> list[dict[str, Any] | None]:
        """Many records of one object by id; null where there is none."""
        if len(ids) > MOST_READ:
            raise SalesforceError("EXCEEDED_ID_LIMIT", f"cannot read more than {MOST_READ} records in one call")
        sobject = object_named(object_name)
        project = projection(self._store, sobject, tuple(fields), version)
        found = (self._store.get(sobject.name, record_id) for record_id in ids)
        return [project(record) if record and not record["IsDeleted"] else None for record in found]

    def _each(self, rows: list[Any], write: WriteOne, *, all_or_none: bool) -> list[Result]:
        if len(rows) > MOST_RECORDS:
            message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
            raise SalesforceError("EXCEEDED_ID_LIMIT", message)
        results: list[Result] = []
        try:
            with self._store.transaction():
                results.extend(self._one(row, place, write) for place, row in enumerate(rows))
                if all_or_none and not all(result["success"] for result in results):
                    raise _RolledBackError
        except _RolledBackError:
            rolled_back = SalesforceError(
                "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                "Record rolled back because not all records were valid and the request was using AllOrNone header",
            ).result()
            results = [rolled_back if result["success"] else result for result in results]
        return results

    def _one(self, row: Any, place: int, write: WriteOne) -> Result:
        try:
            with self._store.savepoint():
                self._fail_as_planted(place)
                return write(row)
        except SalesforceError as refused:
            return refused.result()

    def _fail_as_planted(self, place: int) -> None:
        fault = self.row_faults
        if fault is not None and place in fault.get("rows", [place]):
            message = fault.get("message", "unable to obtain exclusive access to this record")
            raise SalesforceError(str(fault.get("code", "UNABLE_TO_LOCK_ROW")), message)


def _success(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}
