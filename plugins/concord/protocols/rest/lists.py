"""Plain REST lists: which path, which pager, how a window and a search are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from concord.contract import Page, Resource, Session, Window
from concord.errors import ContractError
from concord.protocols.counting import known_by_content, known_by_key
from concord.protocols.describing import NotDescribed
from concord.protocols.paging.bodies import decoder_of
from concord.protocols.paging.listing import read_listing
from concord.protocols.paging.page_requests import PageRequest
from concord.protocols.paging.pagers import Fetch, ListedPage, Pager
from concord.protocols.paging.windows import WindowParams
from concord.protocols.reading import ask_with_headers, keys_in, prefetch
from concord.protocols.rest.records import SingleRecord, whole_address
from concord.protocols.values import decoder_at


@dataclass(frozen=True, slots=True)
class RestList(NotDescribed):
    """Reads the pages of `GET path`; `records` is the dotted path of the records, empty if the body is the list.

    `pages` says how the list goes on. `window` are the parameters that bound a window; without them every read is
    the whole list. `params` go along with every page but those whose address the vendor gives. `within` is the
    path of a list in each record, whose members are the records of the resource.

    A record is read by its key at `single`. `lookup` names the parameter by which another field is searched, one
    value a call. For the fields in `scan`, which no parameter searches, the whole list is read, as for the key
    where neither `single` nor `lookup` finds it.
    """

    path: str
    pages: Pager
    records: str = ""
    window: WindowParams | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    single: SingleRecord | None = None
    lookup: Mapping[str, str] = field(default_factory=dict)
    scan: frozenset[str] = frozenset()
    within: str = ""

    def __post_init__(self) -> None:
        if not self.records and self.pages.body_paths:
            names = ", ".join(f"`{name}`" for name in self.pages.body_paths)
            raise ContractError(f"The bodies of {self.path} are lists and hold no {names}; declare `records`.")
        if both := self.scan.intersection(self.lookup):
            names = ", ".join(sorted(both))
            raise ContractError(f"The list {self.path} declares {names} in `lookup` and in `scan`; keep one.")

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window where the list can tell."""
        bounds = self.window.params(window) if self.window is not None and window is not None else {}
        return prefetch(self._read(session, resource, bounds))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records, each read as a whole."""
        return keys_in(resource, self.read_window(session, resource, None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records whose field `name` has one of the values."""
        if self.single is not None and name == resource.key:
            read = [self.single.read(session, value)[0] for value in values]
            yield [raw for raw in read if raw is not None]
        elif name in self.scan or (name == resource.key and name not in self.lookup):
            yield from self._scan(session, resource, name, frozenset(values))
        else:
            parameter = self.lookup[name]
            for value in values:
                yield from self._read(session, resource, {parameter: value})

    def _scan(self, session: Session, resource: Resource, name: str, wanted: frozenset[str]) -> Iterator[Page]:
        value_of = decoder_at(resource.field(name).path)
        for page in self._read(session, resource, {}):
            yield [raw for raw in page if str(value_of(bytes(raw))) in wanted]

    def _read(self, session: Session, resource: Resource, asked: Mapping[str, object]) -> Iterator[Page]:
        fetch, spread = self._fetcher(session), decoder_of(self.within)
        known = known_by_content() if self.within else known_by_key(resource)
        params = {**self.params, **asked, **self.pages.first_params()}
        first = PageRequest(whole_address(session, self.path), params)
        for records in read_listing(resource.name, self.pages, first, fetch, known=known):
            yield [raw for item in records for raw in spread(bytes(item)).found] if self.within else records

    def _fetcher(self, session: Session) -> Fetch:
        """A function that reads one page."""
        decode = decoder_of(self.records, **self.pages.body_paths)

        def fetch(request: PageRequest) -> ListedPage:
            params = {name: str(value) for name, value in request.params.items()}
            body, headers = ask_with_headers(session, decode, "GET", request.address, params=params)
            return ListedPage(request, body, headers)

        return fetch
