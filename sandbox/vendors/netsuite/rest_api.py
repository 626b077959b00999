"""The calls by their paths: queries, records and asynchronous batches."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.server.queries import Where
from sandbox.server.records import decode
from sandbox.server.store import Store
from sandbox.server.vendor import Call, Described
from sandbox.vendors.netsuite.errors import NetSuiteError, nonexistent
from sandbox.vendors.netsuite.jobs import Batch, Jobs, name_of
from sandbox.vendors.netsuite.kinds import Kind, schema_of
from sandbox.vendors.netsuite.records import EXTERNAL, Records, kind_named
from sandbox.vendors.netsuite.suiteql import LARGEST_PAGE, SuiteQl, table_of

_QUERY = re.compile(r"/services/rest/query/v1/suiteql")
_RECORDS = re.compile(r"/services/rest/record/v1/(\w+)")
_CATALOGUE = re.compile(r"/services/rest/record/v1/metadata-catalog/(\w+)")
_RECORD = re.compile(r"/services/rest/record/v1/(\w+)/([\w:-]+)")
_JOB = re.compile(r"/services/rest/async/v1/job/(\d+)(?:/(task)(?:/(\d+)/result)?)?")
_NAMES = {"GET": "get", "POST": "create", "PATCH": "update", "PUT": "upsert", "DELETE": "delete"}


@dataclass(slots=True)
class Reply:
    """A response before it is encoded."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What the headers and the query of a call ask for."""

    base: str
    prefers: frozenset[str]
    is_strict: bool
    is_collection: bool
    key: str | None
    params: Mapping[str, str]

    @property
    def is_async(self) -> bool:
        """Whether the call is carried out later, as a job."""
        return "respond-async" in self.prefers

    def number(self, name: str, default: int) -> int:
        """A number of the query."""
        text = self.params.get(name, str(default))
        if not text.isdecimal():
            raise NetSuiteError("INVALID_PARAMETER", f"Invalid {name}.", at={"o:errorQueryParam": name})
        return int(text)


def read_options(call: Call, base: str) -> CallOptions:
    """Header names come in lower case."""
    validation = call.headers.get("x-netsuite-propertynamevalidation", "warning")
    return CallOptions(
        base,
        frozenset(word.strip().lower() for word in call.headers.get("prefer", "").split(",")),
        is_strict=validation.lower() == "error",
        is_collection="type=collection" in call.headers.get("content-type", ""),
        key=call.headers.get("x-netsuite-idempotency-key"),
        params={name: values[0] for name, values in parse_qs(call.query).items()},
    )


class RestApi:
    """Handles calls with a valid token."""

    def __init__(self, store: Store, query: SuiteQl) -> None:
        self.query, self.records = query, Records(store)
        self.jobs = Jobs(store, self.records)
        self._store = store

    def answer(self, call: Call, options: CallOptions) -> Reply:
        """The reply, or a `NetSuiteError`."""
        for pattern, answer in self._routes():
            match = pattern.fullmatch(call.path)
            if match is not None:
                return answer(call, options, match)
        raise nonexistent()

    def _routes(self) -> tuple[tuple[re.Pattern[str], Callable[[Call, CallOptions, re.Match[str]], Reply]], ...]:
        return (
            (_QUERY, self._query),
            (_CATALOGUE, lambda call, options, match: Reply(body=schema_of(kind_named(match[1])))),
            (_RECORDS, self._collection),
            (_RECORD, self._single),
            (_JOB, self._job),
        )

    def _query(self, call: Call, options: CallOptions, match: re.Match[str]) -> Reply:
        if call.method != "POST":
            raise _not_allowed(call)
        if "transient" not in options.prefers:
            detail = "Missing or invalid Prefer header. Use the Prefer: transient header."
            raise NetSuiteError("INVALID_HEADER", detail, at={"o:errorHeader": "Prefer"})
        limit, offset = options.number("limit", LARGEST_PAGE), options.number("offset", 0)
        rows, total = self.query.page(str(_body(call).get("q", "")), limit=limit, offset=offset)
        return Reply(body=_envelope(options.base + call.path, rows, total=total, limit=limit, offset=offset))

    def _collection(self, call: Call, options: CallOptions, match: re.Match[str]) -> Reply:
        kind = kind_named(match[1])
        if call.method == "GET":
            return Reply(body=self._list(kind, call, options))
        if options.is_collection:
            return self._batch(kind, call, options)
        if call.method != "POST":
            raise _not_allowed(call)
        operation = f"create:{kind.name}"
        made = self.records.create(kind, _body(call), operation=operation, is_strict=options.is_strict)
        return _written(kind, made, options)

    def _list(self, kind: Kind, call: Call, options: CallOptions) -> dict[str, Any]:
        limit, offset = options.number("limit", LARGEST_PAGE), options.number("offset", 0)
        if not 1 <= limit <= LARGEST_PAGE or offset % limit:
            detail = "The offset must be a multiple of the limit, and the limit at most 1000."
            raise NetSuiteError("INVALID_PARAMETER", detail, at={"o:errorQueryParam": "offset"})
        found = self._store.ordered(kind.collection, Where(), "key", limit=limit, offset=offset)
        address = f"{options.base}{call.path}"
        items = [{"links": [{"rel": "self", "href": f"{address}/{key}"}], "id": str(key)} for key, _, _ in found]
        total = self._store.count(kind.collection)
        return _envelope(address, items, total=total, limit=limit, offset=offset)

    def _batch(self, kind: Kind, call: Call, options: CallOptions) -> Reply:
        if not options.is_async or call.method not in ("POST", "PATCH", "PUT"):
            raise NetSuiteError(
                "INVALID_HEADER", "Batch operations are asynchronous.", at={"o:errorHeader": "Prefer"}
            )
        items = _body(call).get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise NetSuiteError("INVALID_CONTENT", "The request must hold items.", at={"o:errorPath": "items"})
        batch = Batch(call.method, kind, items, options.is_strict, options.base)
        number = self.jobs.submit(batch, options.key)
        location = f"{options.base}/services/rest/async/v1/job/{number}"
        return Reply(202, headers={"location": location, "preference-applied": "respond-async"})

    def _single(self, call: Call, options: CallOptions, match: re.Match[str]) -> Reply:
        kind, name = kind_named(match[1]), match[2]
        operation, is_strict = f"{_NAMES.get(call.method, '')}:{kind.name}", options.is_strict
        if call.method == "PUT" and name.startswith(EXTERNAL):
            values = _body(call)
            return _written(
                kind, self.records.upsert(kind, name, values, operation=operation, is_strict=is_strict), options
            )
        record = self.records.get(kind, name)
        match call.method:
            case "GET":
                return Reply(body=self.records.shown(kind, record))
            case "PATCH":
                changed = self.records.update(kind, record, _body(call), operation=operation, is_strict=is_strict)
                return _written(kind, changed, options)
            case "DELETE":
                self.records.delete(kind, record, operation=operation)
                return Reply(204)
        raise _not_allowed(call)

    def _job(self, call: Call, options: CallOptions, match: re.Match[str]) -> Reply:
        number, tasks, task = match.groups()
        if task is not None:
            result = self.jobs.result(number, task)
            headers = {"location": result["location"]} if "location" in result else {}
            return Reply(result["status"], result.get("body"), headers)
        if tasks is not None:
            return Reply(body=self.jobs.tasks(number, options.base))
        return Reply(body=self.jobs.show(number, options.base))


def described(call: Call) -> Described:
    """`query:customer`, `batch_update:customer`, `get:salesOrder`, `job` and the like."""
    if _QUERY.fullmatch(call.path):
        return Described((f"query:{table_of(str(_body(call).get('q', '')))}",))
    if match := _JOB.fullmatch(call.path):
        return Described(("result" if match[3] else "task" if match[2] else "job",))
    if match := _CATALOGUE.fullmatch(call.path):
        return Described((f"describe:{match[1]}",))
    if match := _RECORD.fullmatch(call.path):
        kind = kind_named(match[1])
        is_write = call.method != "GET"
        return Described(
            (f"{_NAMES.get(call.method, '')}:{kind.name}",), ((kind.collection, match[2]),) if is_write else ()
        )
    if match := _RECORDS.fullmatch(call.path):
        kind = kind_named(match[1])
        items = _body(call).get("items") if call.body else None
        targets = tuple((kind.collection, name_of(item)) for item in items or () if isinstance(item, dict))
        prefix = "batch_" if items is not None else ""
        name = "list" if call.method == "GET" else _NAMES.get(call.method, "")
        return Described((f"{prefix}{name}:{kind.name}",), targets)
    return Described((f"{call.method} {call.path}",))


def _body(call: Call) -> dict[str, Any]:
    try:
        body = decode(call.body)
    except msgspec.DecodeError as wrong:
        raise NetSuiteError("INVALID_CONTENT", "The request body is not valid JSON.") from wrong
    if not isinstance(body, dict):
        raise NetSuiteError("INVALID_CONTENT", "The request body must be an object.")
    return body


def _written(kind: Kind, record: Mapping[str, Any], options: CallOptions) -> Reply:
    return Reply(204, headers={"location": f"{options.base}/services/rest/record/v1/{kind.name}/{record['id']}"})


def _not_allowed(call: Call) -> NetSuiteError:
    return NetSuiteError("USER_ERROR", f"Method {call.method} is not allowed.", status=405)


def _envelope(address: str, items: list[Any], *, total: int, limit: int, offset: int) -> dict[str, Any]:
    has_more = offset + len(items) < total
    links = [{"rel": "self", "href": f"{address}?limit={limit}&offset={offset}"}]
    if has_more:
        links.insert(0, {"rel": "next", "href": f"{address}?limit={limit}&offset={offset + limit}"})
    return {
        "links": links,
        "count": len(items),
        "hasMore": has_more,
        "items": items,
        "offset": offset,
        "totalResults": total,
    }
