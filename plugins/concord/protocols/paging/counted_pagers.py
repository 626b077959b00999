"""Pagers that count: by page number, and by the number of records that came so far.

A list that is counted moves under its reader: a record that is deleted, or edited out of the window, moves all
records behind it up by one. These pagers notice it by the records that come twice, and go back for the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from concord.contract import Page
from concord.errors import ContractError
from concord.protocols.counting import KnownRecords, with_moved
from concord.protocols.paging.page_requests import NO_MORE, PageRequest
from concord.protocols.paging.pagers import Fetch, ListedPage, Sized, lacks, says_more


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted(Sized):
    """A list whose pages are counted, from `first`, and where it may say that it ends."""

    param: str
    first: int
    next: str = ""
    total: str = ""
    more: str = ""

    def __post_init__(self) -> None:
        Sized.__post_init__(self)
        if self.size < 1 and not self.body_paths:
            raise ContractError(
                f"{type(self).__name__} cannot tell the last page; declare `size`, `total`, `next` or `more`."
            )

    def first_params(self) -> dict[str, object]:
        """The size of a page, and the number of the first."""
        return {**Sized.first_params(self), self.param: self.first}

    def following(self, page: ListedPage) -> PageRequest | None:
        """The page at the number that the body gives, or else one step on; None after the last."""
        if not self._has_more(page):
            return None
        following = page.body.next
        if type(following) is not int:
            following = self._number_of(page) + self._step(page)
        return page.request.replace(self.param, following - self._overlap(page))

    def may_end_with(self, page: Page) -> bool:
        """Whether the page is not full, in a list that does not say where it ends."""
        return not self.body_paths and 0 < len(page) < self.size

    def whole(self, page: ListedPage, known: KnownRecords, fetch: Fetch) -> Iterator[Page]:
        """The new records of the page, and where it does not join the one before, those of the pages before."""
        return with_moved(known, page.records, (fetch(request).records for request in self._before(page)))

    def _before(self, page: ListedPage) -> Iterator[PageRequest]:
        """The requests for the pages before this one, the nearest first."""
        number, step = self._number_of(page), self._step_back(page)
        while number > self.first:
            number = max(self.first, number - step)
            yield page.request.replace(self.param, number)

    def _has_more(self, page: ListedPage) -> bool:
        body, count, total = page.body, len(page.records), page.total
        if self.more:
            return says_more(page)
        if body.next is not msgspec.UNSET:
            return body.next not in NO_MORE
        if total is not None:
            return count > 0 and self._reached(page) < total
        if self.total:
            raise lacks("the total")
        return count > self._known_at_start(page)

    def _known_at_start(self, page: ListedPage) -> int:
        """How many records at the start of the page came with the one before."""
        return 0

    def _number_of(self, page: ListedPage) -> int:
        return int(str(page.request.params[self.param]))

    def _reached(self, page: ListedPage) -> int:
        """How far into the list the page reaches."""
        return page.seen

    def _step(self, page: ListedPage) -> int:
        raise NotImplementedError

    def _overlap(self, page: ListedPage) -> int:
        return 0

    def _step_back(self, page: ListedPage) -> int:
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber(_Counted):
    """`page=1`, `page=2` and so on.

    The list ends where the flag at `more` is false. If none is declared, it ends where the number of the next page
    at `next` is null. If a body has no such number, it ends when as many records came as `total` says. If no total
    is declared either, it ends at the first page without records: one with fewer than `size` may have been capped.

    Each page is read again after the one behind it, for records that moved up between the two.
    """

    param: str = "page"
    first: int = 1

    def _step(self, page: ListedPage) -> int:
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset(_Counted):
    """`offset=0`, then one less than the number of records that came so far, whatever size was asked for.

    The list ends as that of a `PageNumber` does; `next` is the path of the next offset. A page begins with the
    last record of the one before; if it does not, records moved up between the two, and those are read again.
    """

    param: str = "offset"
    first: int = 0

    def _step(self, page: ListedPage) -> int:
        return len(page.records)

    def _overlap(self, page: ListedPage) -> int:
        return 1 if len(page.records) > 1 else 0

    def _reached(self, page: ListedPage) -> int:
        return self._number_of(page) - self.first + len(page.records)

    def _known_at_start(self, page: ListedPage) -> int:
        return 0 if self._number_of(page) == self.first else 1

    def _step_back(self, page: ListedPage) -> int:
        return max(self.size, len(page.records), 1)
