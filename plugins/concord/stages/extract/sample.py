"""Reads the first records of a resource, for a business that wants to look at them before everything is read."""

from collections.abc import Iterable, Iterator

from concord.contract import Page


def first_records(pages: Iterable[Page], limit: int) -> Iterator[Page]:
    """The pages up to this number of records; no further page is asked for then."""
    left = limit
    for page in pages:
        yield page[:left]
        left -= len(page)
        if left <= 0:
            return
