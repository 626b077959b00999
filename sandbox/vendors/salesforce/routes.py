"""The CRM's paths: one table of what each method and path means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from sandbox.server.records import decode
from sandbox.server.vendor import Call
from sandbox.vendors.salesforce.errors import SalesforceError

_OBJECT = r"(?P<object>\w+)"
_JOB = r"jobs/(?P<kind>query|ingest)/(?P<job>\w+)"
_ROUTES = tuple(
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("GET", r"query/(?P<locator>01g[\w-]+)", "query_more"),
        ("GET", r"query", "query"),
        ("GET", r"queryAll", "query_all"),
        ("GET", r"limits", "limits"),
        ("GET", r"sobjects", "objects"),
        ("GET", rf"sobjects/{_OBJECT}/describe", "describe"),
        ("GET", rf"sobjects/{_OBJECT}/(?P<what>deleted|updated)", "changed"),
        ("POST", rf"sobjects/{_OBJECT}", "create"),
        ("GET", rf"sobjects/{_OBJECT}/(?P<id>\w{{15}}|\w{{18}})", "get"),
        ("PATCH", rf"sobjects/{_OBJECT}/(?P<id>\w{{15}}|\w{{18}})", "update"),
        ("DELETE", rf"sobjects/{_OBJECT}/(?P<id>\w{{15}}|\w{{18}})", "delete"),
        ("GET", rf"sobjects/{_OBJECT}/(?P<field>\w+)/(?P<value>.+)", "get_by"),
        ("PATCH", rf"sobjects/{_OBJECT}/(?P<field>\w+)/(?P<value>.+)", "upsert"),
        ("POST", r"composite/sobjects", "collection_create"),
        ("PATCH", r"composite/sobjects", "collection_update"),
        ("DELETE", r"composite/sobjects", "collection_delete"),
        ("PATCH", rf"composite/sobjects/{_OBJECT}/(?P<field>\w+)", "collection_upsert"),
        ("POST", rf"composite/sobjects/{_OBJECT}", "collection_get"),
        ("GET", rf"composite/sobjects/{_OBJECT}", "collection_get"),
        ("POST", r"jobs/query", "bulk_query"),
        ("POST", r"jobs/ingest", "bulk_ingest"),
        ("GET", r"jobs/(?P<kind>query|ingest)", "bulk_list"),
        ("GET", _JOB, "bulk_info"),
        ("PATCH", _JOB, "bulk_state"),
        ("DELETE", _JOB, "bulk_delete"),
        ("PUT", rf"{_JOB}/batches", "bulk_upload"),
        ("GET", r"jobs/(?P<kind>query)/(?P<job>\w+)/results", "bulk_query_results"),
        (
            "GET",
            r"jobs/(?P<kind>ingest)/(?P<job>\w+)/(?P<results>(?i:successfulResults|failedResults|unprocessedrecords))",
            "bulk_ingest_results",
        ),
    )
)


Reply = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """What a call means: the handler's name and the parts of its path."""

    name: str
    version: str
    parts: Mapping[str, str]
    call: Call

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the query string."""
        return parse_qs(self.call.query, keep_blank_values=True).get(name, [default])[0]

    def body(self) -> Any:
        """The decoded body, or JSON_PARSER_ERROR."""
        try:
            return decode(self.call.body)
        except ValueError as wrong:
            raise SalesforceError("JSON_PARSER_ERROR", f"Unexpected character: {wrong}") from wrong


def route_of(call: Call, rest: str, version: str) -> Route | None:
    """The route of a path below the version; None for an unknown path."""
    for method, pattern, name in _ROUTES:
        match = pattern.fullmatch(rest)
        if match and method == call.method:
            return Route(name, version, match.groupdict(), call)
    return None
