"""The loop that reads a list page by page to its end, with what moved while it was read."""

from collections.abc import Iterator
from dataclasses import replace

from concord.contract import Page
from concord.errors import RequestError
from concord.protocols.counting import KnownRecords, check_total
from concord.protocols.paging.page_requests import PageRequest
from concord.protocols.paging.pagers import Fetch, ListedPage, Pager
from concord.protocols.reading import Pages

_NO_SUCH_PAGE = (400, 404)  # what servers say to a page behind the last, which others give as an empty page


def read_listing(
    name: str, pages: Pager, first: PageRequest, fetch: Fetch, *, known: KnownRecords
) -> Iterator[Page]:
    """The records of a list, page by page; `name` is that of the resource, `known` are those that came so far.

    A `ServerError` where the pages repeat themselves, or fewer records came than the vendor says there are.
    """
    least: int | None = None
    for page in _follow(name, pages, first, fetch):
        least = page.total if least is None or page.total is None else min(least, page.total)
        yield from pages.whole(page, known, fetch)
    check_total(name, known.count, least)


def _follow(name: str, pages: Pager, first: PageRequest, fetch: Fetch) -> Iterator[ListedPage]:
    """The pages, each by what the one before says; a `ServerError` where they repeat themselves."""
    listing = Pages(name)
    request: PageRequest | None = first
    before: Page = []
    asked: list[PageRequest] = []
    seen = 0
    while request is not None:
        listing.note_next(request.mark)
        may_be_over = pages.may_end_with(before)
        try:
            page = fetch(request)
        except RequestError as error:
            if may_be_over and error.facts.get("status") in _NO_SUCH_PAGE:
                return
            raise
        if page.records and page.records == before:
            if may_be_over:
                return
            raise listing.circle("page")
        seen, before = seen + len(page.records), page.records
        page = replace(page, seen=seen, earlier=asked)
        yield page
        asked.append(request)
        request = pages.following(page)
