"""What is Shopify's own in GraphQL: a limit counted in cost points, its error codes, and its search syntax.

https://shopify.dev/docs/api/usage/limits
https://shopify.dev/docs/api/usage/search-syntax
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from concord.contract import Field, Kind, Page, Resource, Session, Window
from concord.protocols.graphql.api import GraphQLApi, GraphQLRules
from concord.protocols.graphql.connections import OnlyRecord, Selection, Variable
from concord.protocols.graphql.describing import describe_type
from concord.protocols.graphql.nested import complete
from concord.protocols.graphql.selection import select_fields
from concord.protocols.reading import batched, keys_in, only_key, prefetch
from concord.systems.shopify.selections import NESTED

_VALUES_PER_SEARCH = 50


class _Throttle(msgspec.Struct, rename="camel"):
    currently_available: float = 0.0
    restore_rate: float = 50.0


class _Cost(msgspec.Struct, rename="camel"):
    requested_query_cost: float | None = None
    throttle_status: _Throttle | None = None


class _Extensions(msgspec.Struct, rename="camel"):
    cost: _Cost | None = None


_extensions = msgspec.json.Decoder(_Extensions | None)


def seconds_to_refill(extensions: msgspec.Raw) -> float:
    """How long until there are points enough for a query of the same cost."""
    try:
        found: _Extensions | None = _extensions.decode(extensions)
    except msgspec.DecodeError:
        return 0.0
    cost = found.cost if found else None
    if cost is None or cost.throttle_status is None or cost.requested_query_cost is None:
        return 0.0
    missing = cost.requested_query_cost - cost.throttle_status.currently_available
    return max(0.0, missing / max(cost.throttle_status.restore_rate, 1.0))


RULES = GraphQLRules(
    limit_codes=frozenset({"THROTTLED"}),
    denied_codes=frozenset({"ACCESS_DENIED"}),
    transient_codes=frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE", ""}),
    wait_of=seconds_to_refill,
)


@dataclass(frozen=True, slots=True)
class SearchedConnection:
    """Reads one root connection; `searchable` gives the search term of a field that records are looked up by.

    `changed` is the search term of the change stamp. `arguments` are put behind a path of the selection, and
    `variables` are what they may name; `always` are arguments of the root itself that every reading has.
    Connections inside of the records are read to their ends.
    """

    api: GraphQLApi
    root: str
    type: str
    size: int = 250
    changed: str = "updated_at"
    searchable: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, OnlyRecord] = field(default_factory=dict)
    always: str = ""

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None]:
        """What the schema of the API version says."""
        return describe_type(self.api, session, self.type, resource)

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records changed within the window."""
        return prefetch(self._read(session, resource, self._condition(window)))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records."""
        return keys_in(resource, self.read_window(session, only_key(resource), None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records of these keys, or those that a search for these values finds."""
        if name == resource.key:
            selection = self._selection(session, resource.fields)
            for page in selection.read_nodes(self.api, session, self.type, values, size=self.size):
                yield complete(self.api, session, page, NESTED)
            return
        term = self.searchable[name]
        for some in batched(values, _VALUES_PER_SEARCH):
            quoted = (f"{term}:'{_escaped(value)}'" for value in some)
            yield from self._read(session, resource, " OR ".join(quoted))

    def _condition(self, window: Window | None) -> str | None:
        if window is None:
            return None
        since = f"{self.changed}:>='{_stamp(window.start)}'"
        return since if window.is_open else f"{since} AND {self.changed}:<'{_stamp(window.end)}'"

    def _read(self, session: Session, resource: Resource, condition: str | None) -> Iterator[Page]:
        search = {"query": Variable("String", condition)}
        selection = self._selection(session, resource.fields, search)
        pages = selection.read_connection(
            self.api, session, self.root, f"query: $query {self.always}", size=self.size
        )
        return (complete(self.api, session, page, NESTED) for page in pages)

    def _selection(
        self, session: Session, fields: Iterable[Field], search: Mapping[str, Variable] | None = None
    ) -> Selection:
        text = select_fields(fields, self.arguments)
        return Selection(text, {**(search or {}), **self._variables(session, f"{text} {self.always}")})

    def _variables(self, session: Session, text: str) -> dict[str, Variable]:
        """The variables that the text of a query names."""
        named = {name: only for name, only in self.variables.items() if f"${name}" in text}
        return {name: Variable("ID!", only.find(self.api, session)) for name, only in named.items()}


def _stamp(moment: datetime) -> str:
    """In UTC with a Z, for a stamp without a zone would be read in the shop's."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
