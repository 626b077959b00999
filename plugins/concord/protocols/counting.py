"""Lists that are paged by counting: notices when records moved up between two pages, and reads those again.

A record that is deleted, or edited out of the window, moves all records behind it up, so that the first record of
the next page comes to lie at the end of the page before. Each page after the first must therefore begin with a
record that came already; if it does not, the page before is read again, and so on, until one does.
"""

import hashlib
from collections.abc import Callable, Iterator

from concord.contract import Page, Resource
from concord.errors import ServerError
from concord.protocols.values import decoder_at


class KnownRecords:
    """The records of one listing that came so far, as hashes."""

    def __init__(self, name_of: Callable[[bytes], object]) -> None:
        self._name_of = name_of
        self._known: dict[object, bytes] = {}

    @property
    def count(self) -> int:
        """How many different records came."""
        return len(self._known)

    def holds_first(self, page: Page) -> bool:
        """Whether the first record of the page came already; False for an empty page."""
        return bool(page) and self._name(bytes(page[0])) in self._known

    def take_new(self, page: Page) -> Page:
        """The records of the page that did not come before in the same form, which are known from now on."""
        fresh: Page = []
        for raw in page:
            content = bytes(raw)
            name, form = self._name(content), hashlib.blake2b(content, digest_size=12).digest()
            if self._known.get(name) != form:
                self._known[name] = form
                fresh.append(raw)
        return fresh

    def _name(self, content: bytes) -> object:
        name = self._name_of(content)
        return hashlib.blake2b(content, digest_size=12).digest() if name in (None, "") else str(name)


def known_by_key(resource: Resource) -> KnownRecords:
    """Known records that are told apart by their key, or by their content where no key can be read."""
    return KnownRecords(decoder_at(resource.field(resource.key).path))


def known_by_content() -> KnownRecords:
    """Known records that are told apart by their content."""
    return KnownRecords(lambda content: None)


def with_moved(known: KnownRecords, page: Page, earlier: Iterator[Page]) -> Iterator[Page]:
    """The new records of a page, and those of the pages before it up to one that begins with a known record.

    `earlier` reads the pages before, the nearest first, when it is asked for them; before the first page there is
    none.
    """
    is_joined = known.holds_first(page)
    yield known.take_new(page)
    while not is_joined and (found := next(earlier, None)) is not None:
        is_joined = known.holds_first(found)
        yield known.take_new(found)


def check_total(resource: str, came: int, total: int | None) -> None:
    """Raise a `ServerError` where fewer records came than the vendor said there are."""
    if total is not None and came < total:
        raise ServerError(
            f"The list of {resource} ended after {came} of {total} records; run the task again, and report it to "
            "the vendor if it stays so.",
            resource=resource,
        )
