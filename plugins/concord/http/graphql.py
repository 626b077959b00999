"""GraphQL in Shopify's dialect: connections with cursors, a budget of cost points, errors inside a 200.

https://shopify.dev/docs/api/usage/limits
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.errors import (
    ConcordError,
    ConfigurationError,
    OutcomeUnknownError,
    RateLimitError,
    RequestError,
    ServerError,
)
from concord.http.masking import masked
from concord.http.paging import Decoded, Pages, ask, batched, prefetch
from concord.http.selection import select_fields

_ATTEMPTS = 8
_TRANSIENT = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE", ""})
_DEFAULT_WAIT = 2.0


class _Throttle(msgspec.Struct, rename="camel"):
    currently_available: float = 0.0
    restore_rate: float = 50.0


class _Cost(msgspec.Struct, rename="camel"):
    requested_query_cost: float | None = None
    throttle_status: _Throttle | None = None


class _Extensions(msgspec.Struct, rename="camel"):
    cost: _Cost | None = None


class _Envelope(msgspec.Struct, rename="camel"):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[dict[str, object]] | str | dict[str, object] | None = None
    extensions: _Extensions | None = None


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Connection(msgspec.Struct, rename="camel"):
    nodes: list[msgspec.Raw]
    page_info: _PageInfo


_envelope = msgspec.json.Decoder(_Envelope)
_connection = msgspec.json.Decoder(_Connection)
_records = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class GraphQLApi:
    """The one endpoint; `path` holds `{version}`, which the connection's `api_version` may override."""

    path: str
    version: str

    def run(
        self, session: Session, query: str, variables: Mapping[str, object], *, is_write: bool = False
    ) -> dict[str, msgspec.Raw]:
        """The `data` of the answer; waits when the points are used up, raises on top-level errors."""
        path = self.path.format(version=session.option("api_version", self.version))
        body = {"query": query, "variables": variables}
        for attempt in range(1, _ATTEMPTS + 1):
            answer = ask(session, _envelope, "POST", path, body=body, is_write=is_write)
            cost = answer.extensions.cost if answer.extensions else None
            if answer.errors:
                error = _error_of(answer, is_write=is_write)
                if not isinstance(error, (RateLimitError, ServerError)) or attempt == _ATTEMPTS:
                    raise error
                session.pause(_seconds_to_refill(cost) or _DEFAULT_WAIT)
            elif answer.data is not None:
                session.pause(_seconds_to_refill(cost))
                return answer.data
            elif is_write:
                raise OutcomeUnknownError("The vendor answered a write with nothing; read the records back first.")
            else:
                session.pause(_DEFAULT_WAIT)
        raise ServerError("The vendor answers queries with neither data nor errors; see its status page.")


def _seconds_to_refill(cost: _Cost | None) -> float:
    """How long until a query of the same cost is affordable again."""
    if cost is None or cost.throttle_status is None or cost.requested_query_cost is None:
        return 0.0
    missing = cost.requested_query_cost - cost.throttle_status.currently_available
    return max(0.0, missing / max(cost.throttle_status.restore_rate, 1.0))


def _error_of(answer: _Envelope, *, is_write: bool) -> ConcordError:
    """Sort top-level errors; a write that was carried out in part is of unknown outcome."""
    errors = answer.errors if isinstance(answer.errors, list) else [{"message": answer.errors}]
    codes = [_code_of(error) for error in errors]
    sentence = masked(errors[0].get("message"))
    if "THROTTLED" in codes:
        return RateLimitError("The vendor's cost points are used up; lower the page size or the pace.")
    is_transient = any(code in _TRANSIENT for code in codes) and not any("locations" in error for error in errors)
    if is_write and (is_transient or answer.data is not None):
        return OutcomeUnknownError(
            "The vendor failed within a write and does not say how far it came; "
            "read the records back before anything is sent again."
        )
    if is_transient:
        return ServerError(f"The vendor failed on a query ({sentence}); see its status page if it stays so.")
    if "ACCESS_DENIED" in codes:
        return RequestError(
            f"The application may not do this ({sentence}); give it the scope and install it again.",
            code="ACCESS_DENIED",
        )
    return RequestError(
        f"The vendor refused a query ({sentence}); check the declaration against the API version.", code=codes[0]
    )


def _code_of(error: Mapping[str, object]) -> str:
    extensions = error.get("extensions")
    return str(extensions.get("code") or "") if isinstance(extensions, dict) else ""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A variable of the query: an option of the connection, or the only record of a collection."""

    option: str
    root: str

    def find(self, api: GraphQLApi, session: Session) -> str:
        """Its value; `ConfigurationError` where there is more than one to choose from."""
        value = session.option(self.option, "-")
        if value != "-":
            return value
        data = api.run(session, f"{{{self.root}(first: 2) {{nodes {{id}} pageInfo {{hasNextPage}}}}}}", {})
        found = [msgspec.json.decode(node)["id"] for node in _decoded(_connection, data.get(self.root)).nodes]
        if len(found) != 1:
            raise ConfigurationError(
                f"The shop has {len(found) or 'no'} {self.root} where one is expected; name the one to use as "
                f'"{self.option}" in the extra fields of connection "{session.connection.name}".',
                option=self.option,
            )
        return str(found[0])


@dataclass(frozen=True, slots=True)
class GraphQLConnection:
    """Reads one root connection; `searchable` gives the search term of a field that records are looked up by.

    `arguments` are put behind a path of the selection, and `variables` are what they may name; `always` are
    arguments of the root itself that every reading has.
    """

    api: GraphQLApi
    root: str
    type: str
    size: int = 250
    changed: str = "updated_at"
    searchable: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, LookedUp] = field(default_factory=dict)
    always: str = ""

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records changed within the window."""
        return prefetch(self._read(session, resource, self._condition(window)))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records of these keys, or those a search for these values finds."""
        if name == resource.key:
            yield from self._read_keys(session, resource, values)
            return
        term = self.searchable[name]
        for some in batched(values, 50):
            quoted = (f"{term}:'{_escaped(value)}'" for value in some)
            yield from self._read(session, resource, " OR ".join(quoted))

    def _condition(self, window: Window | None) -> str | None:
        if window is None:
            return None
        start, end = _stamp(window.start), _stamp(window.end)
        return f"{self.changed}:>='{start}' AND {self.changed}:<'{end}'"

    def _found(self, session: Session) -> tuple[str, dict[str, object]]:
        """The declarations of the variables in use, and their values."""
        values: dict[str, object] = {
            name: variable.find(self.api, session) for name, variable in self.variables.items()
        }
        return "".join(f", ${name}: ID!" for name in values), values

    def _read(self, session: Session, resource: Resource, condition: str | None) -> Iterator[Page]:
        declared, values = self._found(session)
        query = (
            f"query($first: Int!, $after: String, $query: String{declared}) "
            f"{{{self.root}(first: $first, after: $after, query: $query {self.always}) "
            f"{{nodes {{{select_fields(resource.fields, self.arguments)}}} "
            "pageInfo {hasNextPage endCursor}}}"
        )
        pages, cursor = Pages(resource.name), None
        while True:
            variables = {"first": self.size, "after": cursor, "query": condition, **values}
            found = _decoded(_connection, self.api.run(session, query, variables).get(self.root))
            yield found.nodes
            if not found.page_info.has_next_page:
                return
            cursor = found.page_info.end_cursor
            pages.turn(cursor)

    def _read_keys(self, session: Session, resource: Resource, keys: Sequence[str]) -> Iterator[Page]:
        declared, values = self._found(session)
        query = (
            f"query($ids: [ID!]!{declared}) {{nodes(ids: $ids) "
            f"{{... on {self.type} {{{select_fields(resource.fields, self.arguments)}}}}}}}"
        )
        for some in batched(keys, min(self.size, 100)):
            data = self.api.run(session, query, {"ids": list(some), **values})
            yield [raw for raw in _decoded(_records, data.get("nodes")) if bytes(raw) not in (b"null", b"{}")]


def _decoded(decoder: "msgspec.json.Decoder[Decoded]", raw: msgspec.Raw | None) -> Decoded:
    try:
        return decoder.decode(raw or b"null")
    except msgspec.DecodeError as error:
        raise ServerError("A page came back without its records or its page mark; run the task again.") from error


def _stamp(moment: datetime) -> str:
    """In UTC with a Z, for a stamp without a zone would be read in the shop's."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
