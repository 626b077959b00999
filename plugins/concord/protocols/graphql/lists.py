"""GraphQL lists by declaration: by page number, by `skip` and `take`, or by cursors of any name.

Pagers and windows are those of REST lists; a parameter is the dotted path of an argument, such as `options.skip`.
A list that is counted is thus checked for records that moved while it was read, and for its total.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from concord.contract import Field, Kind, Page, Resource, Session, Window
from concord.errors import ContractError, RequestError
from concord.protocols.counting import known_by_key
from concord.protocols.graphql.api import GraphQLApi, decode_part
from concord.protocols.graphql.describing import describe_type, find_type
from concord.protocols.graphql.nested import Nested, complete
from concord.protocols.graphql.results import Result, tree_of
from concord.protocols.graphql.selection import select_fields
from concord.protocols.paging.bodies import decoder_of
from concord.protocols.paging.listing import read_listing
from concord.protocols.paging.page_requests import PageRequest
from concord.protocols.paging.pagers import Fetch, ListedPage, Pager
from concord.protocols.paging.windows import WindowParams
from concord.protocols.reading import batched, keys_in, only_key, prefetch
from concord.protocols.values import decoder_at

_LIST = "[]"
_VALUES_PER_SEARCH = 50
_PLAIN = Result()


@dataclass(frozen=True, slots=True)
class SingleNode:
    """A record is read by the root field `root`, whose `argument` of that `type` takes its key.

    Up to `size` records are read by one document. `absent` are the codes by which the vendor says that there is
    no such record; null says it as well.
    """

    root: str
    argument: str = "id"
    type: str = "ID!"
    result: Result = _PLAIN
    absent: frozenset[str] = frozenset()
    size: int = 20

    def read(self, api: GraphQLApi, session: Session, text: str, keys: Sequence[str]) -> Page:
        """The records there are, each with the selection `text`."""
        numbers = range(len(keys))
        declared = ", ".join(f"$k{number}: {self.type}" for number in numbers)
        selected = self.result.select(text)
        fields = (f"n{number}: {self.root}({self.argument}: $k{number}) {{{selected}}}" for number in numbers)
        try:
            variables = {f"k{number}": key for number, key in enumerate(keys)}
            data = api.run(session, f"query({declared}) {{{' '.join(fields)}}}", variables)
            found = [data.get(f"n{number}") for number in numbers]
            return [raw for raw in found if raw is not None and self._is_there(api, raw)]
        except RequestError as error:
            if error.facts.get("code") not in self.absent:
                raise
        return [] if len(keys) == 1 else [raw for key in keys for raw in self.read(api, session, text, [key])]

    def _is_there(self, api: GraphQLApi, raw: msgspec.Raw) -> bool:
        if bytes(raw) == b"null":
            return False
        self.result.check(msgspec.json.decode(raw), api.rules)
        return True


@dataclass(frozen=True, slots=True)
class GraphQLList:
    """Reads the root field `root`; `records` is the dotted path of the list in its value, empty if it is the list.

    `node` is the path of the record in each member of the list, such as that of an edge. `arguments` gives the
    GraphQL type of each argument of the root. Parameters of the pager, of `window`, `lookup` and `params` are
    dotted paths that begin with an argument; `params` go along with every page. Paths of the pager lie in the
    value of the root. `result` says how that value tells a refusal.

    A record is read by its key at `single`. `lookup` names the parameter by which another field is searched, one
    value a call, or many where it ends in `[]`. For the fields in `scan` the whole list is read. `inside` are
    arguments of the selection, in parentheses, by the path of the field that takes them. `nested` are connections
    inside of the records, which are read to their ends.
    """

    api: GraphQLApi
    root: str
    pages: Pager
    records: str = ""
    node: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    window: WindowParams | None = None
    single: SingleNode | None = None
    lookup: Mapping[str, str] = field(default_factory=dict)
    scan: frozenset[str] = frozenset()
    result: Result = _PLAIN
    inside: Mapping[str, str] = field(default_factory=dict)
    nested: tuple[Nested, ...] = ()

    def __post_init__(self) -> None:
        if not self.records and self.pages.body_paths:
            names = ", ".join(f"`{name}`" for name in self.pages.body_paths)
            raise ContractError(f"The value of {self.root} is a list and holds no {names}; declare `records`.")
        bounds = (self.window.since, self.window.until) if self.window else ()
        named = (*self.pages.first_params(), *self.params, *self.lookup.values(), *filter(None, bounds))
        if unknown := sorted({path.partition(".")[0].removesuffix(_LIST) for path in named} - set(self.arguments)):
            raise ContractError(f"{self.root} has no argument {', '.join(unknown)}; declare it in `arguments`.")

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None] | None:
        """What the schema says of the records' type, None where it lies behind a union."""
        path = [self.root, *(part for part in (*self.records.split("."), *self.node.split(".")) if part)]
        found = find_type(self.api, session, path)
        return None if found is None else describe_type(self.api, session, found, resource)

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window where the list can tell."""
        bounds = self.window.params(window) if self.window is not None and window is not None else {}
        return prefetch(self._read(session, resource, bounds))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records, of which nothing else is asked for."""
        return keys_in(resource, self.read_window(session, only_key(resource), None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records whose field `name` has one of the values."""
        if self.single is not None and name == resource.key:
            text = self._selection(resource.fields)
            for some in batched(values, self.single.size):
                page = self.single.read(self.api, session, text, some)
                yield complete(self.api, session, page, self.nested)
        elif name in self.scan or (name == resource.key and name not in self.lookup):
            value_of, wanted = decoder_at(resource.field(name).path), frozenset(values)
            for page in self._read(session, resource, {}):
                yield [raw for raw in page if str(value_of(bytes(raw))) in wanted]
        else:
            for asked in _searches(self.lookup[name], values):
                yield from self._read(session, resource, asked)

    def _read(self, session: Session, resource: Resource, asked: Mapping[str, object]) -> Iterator[Page]:
        params = {**self.params, **asked, **self.pages.first_params()}
        first, fetch = PageRequest(self.root, params), self._fetcher(session, resource)
        for page in read_listing(resource.name, self.pages, first, fetch, known=known_by_key(resource)):
            yield complete(self.api, session, page, self.nested)

    def _selection(self, fields: Sequence[Field]) -> str:
        return select_fields(fields, self.inside)

    def _query(self, resource: Resource) -> str:
        """The document that asks for a page."""
        above = ".".join(filter(None, (self.records, self.node)))
        inside = {f"{above}.{path}" if above else path: text for path, text in self.inside.items()}
        below = [replace(item, path=f"{above}.{item.path}" if above else item.path) for item in resource.fields]
        paging = [Field(path, path) for path in self.pages.body_paths.values()]
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.arguments.items())
        given = ", ".join(f"{name}: ${name}" for name in self.arguments)
        selected = self.result.select(select_fields((*below, *paging), inside))
        head = (f"({declared})", f"({given})") if declared else ("", "")
        return f"query{head[0]} {{{self.root}{head[1]} {{{selected}}}}}"

    def _fetcher(self, session: Session, resource: Resource) -> Fetch:
        """A function that reads one page."""
        query, decode = self._query(resource), decoder_of(self.records, **self.pages.body_paths)
        node_of = decoder_at(self.node, kind=msgspec.Raw) if self.node else None

        def fetch(request: PageRequest) -> ListedPage:
            data = self.api.run(session, query, tree_of(request.params))
            raw = data.get(self.root)
            if raw is not None and self.result is not _PLAIN:
                self.result.check(msgspec.json.decode(raw), self.api.rules)
            body = decode_part(decode, raw)
            if node_of is not None:
                body = replace(body, found=[node_of(bytes(member)) or member for member in body.found])
            return ListedPage(request, body, {})

        return fetch


def _searches(path: str, values: Sequence[str]) -> Iterator[dict[str, object]]:
    """The parameters of each call by which the values are searched."""
    if path.endswith(_LIST):
        for some in batched(values, _VALUES_PER_SEARCH):
            yield {path.removesuffix(_LIST): list(some)}
    else:
        for value in values:
            yield {path: value}
