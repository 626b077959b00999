"""Pagers: how a list goes on from one page to the next. A declaration names the one that its vendor speaks.

A pager holds no state. It gives the parameters of the first page, and makes the request for the page that follows
another. `size_param` is the parameter for the size of a page, empty where the vendor takes none, and `size` is how
many records a full page has. `next`, `total` and `more` are dotted paths in the body of a page.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Protocol

import msgspec
from requests.utils import parse_header_links

from concord.contract import Page
from concord.errors import ContractError, ServerError
from concord.protocols.counting import KnownRecords, with_moved
from concord.protocols.paging.bodies import Body
from concord.protocols.paging.page_requests import NO_MORE, PageRequest, has_counted

_ENCLOSED = re.compile(r'<[^>]*>|"[^"]*"')
_SPLITTERS = ";,="
_HIDDEN = "\x00\x01\x02"


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page that came, and what asked for it; `seen` counts the records of the list up to its end.

    `earlier` are the requests for the pages before it, the oldest first.
    """

    request: PageRequest
    body: Body
    headers: Mapping[str, str]
    seen: int = 0
    earlier: Sequence[PageRequest] = ()

    @property
    def records(self) -> Page:
        """The records of the page."""
        return self.body.found  # type: ignore[no-any-return]  # a body is decoded to what was asked for

    @property
    def total(self) -> int | None:
        """How many records the vendor says the list has, None where no total is declared.

        A `ServerError` where it is declared and the body has no number there.
        """
        total = self.body.total
        if total is msgspec.UNSET:
            return None
        if isinstance(total, bool) or not str(total).isdecimal():
            raise lacks("the total")
        return int(total)


Fetch = Callable[[PageRequest], ListedPage]


class Pager(Protocol):
    """What a list needs to know to go through its pages."""

    @property
    def body_paths(self) -> Mapping[str, str]:
        """The paths of the values that `following` looks at: `next`, `total`, `more`, or some of them."""

    def first_params(self) -> dict[str, object]:
        """The parameters of the first page."""

    def following(self, page: ListedPage) -> PageRequest | None:
        """The request for the page after this one; None after the last.

        A `ServerError` where the body lacks what should say whether there is one.
        """

    def may_end_with(self, page: Page) -> bool:
        """Whether nothing says that this page is the last, and it may be: a refusal of the next one is the end."""

    def whole(self, page: ListedPage, known: KnownRecords, fetch: Fetch) -> Iterator[Page]:
        """The records of the page that are not known yet, and those that moved past it while the list was read."""


def lacks(what: str) -> ServerError:
    """The error for a page without what says how the list goes on."""
    return ServerError(
        f"A page lacks {what} that says whether more pages follow; check the API version and the "
        "declaration, then run the task again."
    )


def says_more(page: ListedPage) -> bool:
    """What the flag at `more` says; a `ServerError` where the body has none."""
    if page.body.more is msgspec.UNSET or page.body.more is None:
        raise lacks("the flag")
    return page.body.more not in NO_MORE


def _has_next(page: ListedPage, more: str) -> bool:
    """Whether another page follows; a `ServerError` where the flag says so and the body does not say which."""
    is_given = page.body.next not in NO_MORE
    if not more:
        return is_given
    if says_more(page) and not is_given:
        raise lacks("the mark of the next page")
    return says_more(page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """What all pagers have."""

    size_param: str = ""
    size: int = 0

    def __post_init__(self) -> None:
        name = type(self).__name__
        for item in fields(self):
            if item.default is MISSING and not getattr(self, item.name):
                raise ContractError(f"{name} needs `{item.name}`; without it a list ends at its first page.")
        if self.size_param and self.size < 1:
            raise ContractError(f"{name} has a `size_param` and no size; declare `size` as well.")

    @property
    def body_paths(self) -> dict[str, str]:
        """Those of the paths that are declared."""
        return {name: path for name in ("next", "total", "more") if (path := getattr(self, name, ""))}

    def first_params(self) -> dict[str, object]:
        """The size of a page, where the vendor takes one."""
        return {self.size_param: self.size} if self.size_param else {}

    def may_end_with(self, page: Page) -> bool:
        """False: each page says whether another one follows."""
        return False

    def whole(self, page: ListedPage, known: KnownRecords, fetch: Fetch) -> Iterator[Page]:
        """The records of the page: a list that is not counted does not move under its reader.

        Where the mark or the address of the next page counts all the same, each page is read again after the one
        behind it, for records that moved up between the two.
        """
        if has_counted(page.request, page.earlier, page.seen - len(page.records)):
            before = (fetch(request).records for request in reversed(page.earlier))
            yield from with_moved(known, page.records, before)
            return
        known.take_new(page.records)
        yield page.records


@dataclass(frozen=True, slots=True)
class Cursor(Sized):
    """The body holds a cursor at `next`, which `param` sends back; the list ends where there is none.

    If `more` is declared, the flag at that path says whether there is one. If `total` is declared, as many records
    must have come at the end. A cursor that counts, openly or in Base64, is noticed as such; where one that is
    encrypted counts, only a `total` shows that records moved up while the list was read.
    """

    next: str
    param: str = "cursor"
    more: str = field(default="", kw_only=True)
    total: str = field(default="", kw_only=True)

    def following(self, page: ListedPage) -> PageRequest | None:
        """The page at the cursor."""
        if not _has_next(page, self.more):
            return None
        return page.request.replace(self.param, page.body.next)


@dataclass(frozen=True, slots=True)
class HeaderCursor(Sized):
    """The header of that name holds a cursor, which `param` sends back; the list ends where there is none."""

    header: str
    param: str = "cursor"

    def following(self, page: ListedPage) -> PageRequest | None:
        """The page at the cursor."""
        cursor = page.headers.get(self.header.lower())
        return None if cursor in NO_MORE else page.request.replace(self.param, cursor)


@dataclass(frozen=True, slots=True)
class NextAddress(Sized):
    """The body holds the address of the next page at `next`, whole or relative; the list ends where there is none.

    Where the address counts (`offset=40`, `page=3`, `/pages/3`), the records that move up when one before them is
    deleted while the list is read are noticed; an `Offset` or a `PageNumber` needs fewer calls for it.

    If `more` is declared, the flag at that path says whether there is one. If `total` is declared, as many records
    must have come at the end.
    """

    next: str
    more: str = field(default="", kw_only=True)
    total: str = field(default="", kw_only=True)

    def following(self, page: ListedPage) -> PageRequest | None:
        """The page at the address in the body."""
        return page.request.follow(page.body.next) if _has_next(page, self.more) else None


@dataclass(frozen=True, slots=True)
class LinkHeader(Sized):
    """The `Link` header (RFC 8288) holds the address of the next page; the list ends where there is none."""

    def following(self, page: ListedPage) -> PageRequest | None:
        """The page at the address in the header."""
        return page.request.follow(next_link(page.headers.get("link", "")))


def next_link(header: str) -> str | None:
    """The address whose `rel` is or includes "next", None where there is none."""
    hide, show = str.maketrans(_SPLITTERS, _HIDDEN), str.maketrans(_HIDDEN, _SPLITTERS)
    # `requests` also splits within addresses and quoted values: what it splits at is hidden there.
    for link in parse_header_links(_ENCLOSED.sub(lambda found: found[0].translate(hide), header)):
        relations = " ".join(value for name, value in link.items() if name.lower() == "rel")
        if "next" in relations.lower().split():
            return link["url"].translate(show)
    return None
