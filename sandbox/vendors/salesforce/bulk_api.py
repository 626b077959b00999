"""Bulk API 2.0: query jobs give CSV in pages by locators; ingest jobs take CSV and give a result for each row.

A job is carried out once its state was requested often enough; before that it has no effect. Planted
faults leave a job stuck, let it fail halfway, or truncate or change its files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.server.records import Record, decode
from sandbox.server.store import Store
from sandbox.vendors.salesforce import bulk_csv
from sandbox.vendors.salesforce.bulk_jobs import OVER, Job, Jobs
from sandbox.vendors.salesforce.bulk_rows import RowWriter
from sandbox.vendors.salesforce.composite import Collections
from sandbox.vendors.salesforce.conditions import object_named, path_named, where_of
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.objects import SObject
from sandbox.vendors.salesforce.queries import Batch, projection, rows_of
from sandbox.vendors.salesforce.routes import Reply, Route
from sandbox.vendors.salesforce.soql import Query, read
from sandbox.vendors.salesforce.writes import external_field

_OPERATIONS = frozenset({"insert", "update", "upsert", "delete"})
_LARGEST_UPLOAD = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Csv:
    """A response in CSV."""

    content: bytes
    headers: Mapping[str, str]


class BulkApi:
    """Handles the calls about jobs."""

    def __init__(self, store: Store, collections: Collections) -> None:
        self._store = store
        self._collections = collections
        self.jobs = Jobs()
        self.handlers: dict[str, Callable[[Route], Reply]] = {
            "bulk_query": self._open_query,
            "bulk_ingest": self._open_ingest,
            "bulk_list": self._list,
            "bulk_info": self._info,
            "bulk_state": self._set_state,
            "bulk_delete": self._delete,
            "bulk_upload": self._upload,
            "bulk_query_results": self._query_results,
            "bulk_ingest_results": self._ingest_results,
        }

    def _job(self, route: Route) -> Job:
        return self.jobs.get(route.parts["job"], is_query=route.parts["kind"] == "query")

    def _open_query(self, route: Route) -> Reply:
        body = route.body()
        if body.get("operation") not in ("query", "queryAll"):
            raise SalesforceError("INVALIDJOB", "operation must be query or queryAll")
        query = read(str(body.get("query", "")))
        if query.is_count or query.offset:
            raise SalesforceError("INVALIDENTITY", "Aggregate queries and OFFSET are not supported in Bulk Query")
        sobject = object_named(query.object)
        for path in query.fields:
            path_named(sobject, path)
        where_of(query, sobject, with_deleted=True)
        job = self.jobs.open({**body, "object": sobject.name}, is_query=True)
        job.state = "UploadComplete"
        return 200, job.info(route.version)

    def _open_ingest(self, route: Route) -> Reply:
        body = route.body()
        if body.get("operation") not in _OPERATIONS:
            raise SalesforceError("INVALIDJOB", f"unknown operation {body.get('operation')}")
        sobject = object_named(str(body.get("object", "")))
        if body["operation"] == "upsert" and body.get("externalIdFieldName") != "Id":
            external_field(sobject, str(body.get("externalIdFieldName", "")))
        return 200, self.jobs.open({**body, "object": sobject.name}, is_query=False).info(route.version)

    def _list(self, route: Route) -> Reply:
        kind = route.parts["kind"]
        jobs, following = self.jobs.page(is_query=kind == "query", after=int(route.query("queryLocator", "0")))
        url = f"/services/data/{route.version}/jobs/{kind}?queryLocator={following}"
        records = [job.info(route.version) for job in jobs]
        return 200, {
            "done": following is None,
            "nextRecordsUrl": None if following is None else url,
            "records": records,
        }

    def _info(self, route: Route) -> Reply:
        job = self._job(route)
        self._advance(job)
        return 200, job.info(route.version)

    def _set_state(self, route: Route) -> Reply:
        job = self._job(route)
        wanted = route.body().get("state")
        if wanted == "Aborted":
            job.require("Open", "UploadComplete", "InProgress")
        elif wanted == "UploadComplete" and not job.is_query:
            job.require("Open")
            job.row_faults = self._collections.row_faults
        else:
            raise SalesforceError("INVALIDJOBSTATE", f"a job cannot be set to {wanted}")
        job.state = wanted
        return 200, job.info(route.version)

    def _delete(self, route: Route) -> Reply:
        self.jobs.delete(self._job(route))
        return 204, None

    def _upload(self, route: Route) -> Reply:
        job = self._job(route)
        job.require("Open")
        if job.content is not None:
            raise SalesforceError("INVALIDJOB", "Found multiple contents for job; do only one PUT on a given job")
        if "text/csv" not in route.call.headers.get("content-type", ""):
            raise SalesforceError("INVALIDJOB", "Content-Type must be text/csv", status=415)
        if len(route.call.body) > _LARGEST_UPLOAD:
            raise SalesforceError("INVALIDJOB", "The uploaded file is too large", status=413)
        job.content = route.call.body
        return 201, None

    def _advance(self, job: Job) -> None:
        if job.state not in ("UploadComplete", "InProgress"):
            return
        job.state = "InProgress"
        if job.kind == "stuck":
            return
        if job.polls > 0:
            job.polls -= 1
            return
        if job.is_query:
            self._run_query(job)
        else:
            RowWriter(self._store, job).run()

    def _run_query(self, job: Job) -> None:
        if job.kind in ("failed", "aborted"):
            job.state = job.kind.capitalize()
            job.message = (
                "QUERY_TIMEOUT: Your query request was running for too long." if job.kind == "failed" else ""
            )
            return
        query = read(job.told["query"])
        where = where_of(query, object_named(query.object), with_deleted=job.told["operation"] == "queryAll")
        job.total = self._store.count(job.told["object"], where)
        job.state = "JobComplete"

    def _query_results(self, route: Route) -> Reply:
        job = self._job(route)
        job.require("JobComplete")
        locator = route.query("locator")
        if locator not in job.places:
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid locator")
        most = int(self.jobs.limits["page_rows"])
        size = min(int(route.query("maxRecords", str(most))), most)
        rows, following = self._page(job, locator, size, route.version)
        headers = {"sforce-locator": following or "null", "sforce-numberofrecords": str(len(rows) - 1)}
        return 200, Csv(_dressed(job, rows), headers)

    def _page(self, job: Job, locator: str, size: int, version: str) -> tuple[list[list[str]], str | None]:
        offset, position = job.places[locator]
        query = read(job.told["query"])
        sobject = object_named(query.object)
        with_deleted = job.told["operation"] == "queryAll"
        batch = Batch(job.told["query"], with_deleted, version, size, job.total, "", offset, position)
        found = rows_of(self._store, query, sobject, batch)
        names = _names(sobject, query)
        cells = self._cells(sobject, query, names, version)
        rows = [names, *(cells(decode(row[2])) for row in found)]
        reached = offset + len(found)
        if not found or reached >= job.total:
            return rows, None
        following = f"{job.id[-6:]}{reached:x}"
        job.places[following] = reached, (found[-1][1], found[-1][0])
        return rows, following

    def _cells(
        self, sobject: SObject, query: Query, names: Sequence[str], version: str
    ) -> Callable[[Record], list[str]]:
        """A function from a stored record to its cells; it is quicker where no related field is asked for."""
        if not any("." in name for name in names):
            sources = ["SystemModstamp" if name == "LastModifiedDate" else name for name in names]
            return lambda record: [bulk_csv.shown(record.get(source)) for source in sources]
        project = projection(self._store, sobject, query.fields, version)

        def cells(record: Record) -> list[str]:
            shown = project(record)
            return [_cell(shown, name) for name in names]

        return cells

    def _ingest_results(self, route: Route) -> Reply:
        """The results of an upload, in another order than its rows."""
        job = self._job(route)
        job.require(*OVER)
        extra, rows = {
            "successfulresults": (["sf__Id", "sf__Created"], job.succeeded),
            "failedresults": (["sf__Id", "sf__Error"], job.failed),
            "unprocessedrecords": ([], job.unprocessed),
        }[route.parts["results"].lower()]
        return 200, Csv(_dressed(job, [[*extra, *job.columns], *reversed(rows)]), {})


def _names(sobject: SObject, query: Query) -> list[str]:
    names = []
    for path in query.fields:
        reference, _, item = path_named(sobject, path)
        names.append(f"{reference.relationship}.{item.name}" if reference else item.name)
    return names


def _cell(record: Record, name: str) -> str:
    """The cell of a column; related records are nested."""
    value: Any = record
    for part in name.split("."):
        value = value[part] if value else None
    return bulk_csv.shown(value)


def _dressed(job: Job, rows: list[list[str]]) -> bytes:
    """The file after a planted fault: truncated, with columns in another order, another line end or a BOM."""
    ending = job.ending
    if job.kind == "dressed":
        rows = [list(reversed(row)) for row in rows]
        ending = "\r\n"
    content = bulk_csv.write(rows, delimiter=job.delimiter, ending=ending)
    if job.kind == "dressed":
        content = b"\xef\xbb\xbf" + content
    if job.kind == "cut" and len(rows) > 1 and int((job.fault or {}).get("files", 1)) > 0:
        job.fault = {**(job.fault or {}), "files": int((job.fault or {}).get("files", 1)) - 1}
        content = content[: len(content) * 2 // 3]
    return content
