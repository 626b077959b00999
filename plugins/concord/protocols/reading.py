"""What all readers share: decoding with retries, listings that must end, keys alone, and pages fetched ahead."""

import sys
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from concord.contract import Page, Resource, Session, Snapshot
from concord.errors import OutcomeUnknownError, ServerError
from concord.protocols.repair import break_of, is_marked, repaired
from concord.protocols.session.retries import Backoff, retry
from concord.protocols.values import UNREADABLE, decoder_at

Decoded = TypeVar("Decoded")
Item = TypeVar("Item")

_AT_ONCE = Backoff(attempts=3, first_wait=0.0)
_MOST_PAGES = 100_000
_SWITCH_SECONDS = 0.0002
_is_ahead: ContextVar[bool] = ContextVar("is_ahead", default=True)


class Pages:
    """The tokens of the pages of one listing, by which a listing is refused that repeats itself or never ends."""

    def __init__(self, resource: str, most: int = _MOST_PAGES) -> None:
        self._resource = resource
        self._most = most
        self._seen: set[object] = set()

    def note_next(self, token: object) -> None:
        """Note the next page's token; a `ServerError` where it was given before, is one too many or unreadable."""
        if is_marked(token):
            raise ServerError(
                f"A page of {self._resource} says in unreadable form where the next one is; run the task again, "
                "and report it to the vendor if it stays so.",
                resource=self._resource,
            )
        if token in self._seen:
            raise self.circle("page mark")
        self._seen.add(token)
        if len(self._seen) > self._most:
            raise ServerError(
                f"{self._resource} has more than {self._most} pages; read it in shorter windows.",
                resource=self._resource,
            )

    def circle(self, what: str) -> ServerError:
        """The error for a listing that gave something twice."""
        return ServerError(
            f"The pages of {self._resource} repeat themselves: the vendor gave the same {what} twice; "
            "run the task again, and report it to the vendor if it stays so.",
            resource=self._resource,
        )


def batched(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in slices of at most that many."""
    return (items[start : start + size] for start in range(0, len(items), size))


def ask(
    session: Session, decoder: "msgspec.json.Decoder[Decoded]", method: str, path: str, **options: Any
) -> Decoded:
    """The decoded body of a response; `options` are those of `Session.fetch`.

    A body that cannot be decoded is asked for again, three times in all, and is a `ServerError` in the end; that
    of a write is an `OutcomeUnknownError` at once.
    """
    return ask_with_headers(session, decoder.decode, method, path, **options)[0]


def ask_with_headers(
    session: Session, decode: Callable[[bytes], Decoded], method: str, path: str, **options: Any
) -> tuple[Decoded, Mapping[str, str]]:
    """The same, with the headers of the response."""

    def ask_once() -> tuple[Decoded, Mapping[str, str]]:
        response = session.fetch(method, path, **options)
        try:
            return _decoded(decode, response.body), response.headers
        except UNREADABLE as error:
            if options.get("is_write"):
                raise OutcomeUnknownError(
                    f"The response to a write at {urlsplit(path).path} cannot be read; "
                    "read the records back before anything is sent again."
                ) from error
            place = break_of(response.body)
            raise ServerError(
                f"The response from {urlsplit(path).path} is not in the agreed form{place and f': {place}'}; "
                "check the API version and the vendor's status page, then run the task again."
            ) from error

    return retry(
        ask_once, _AT_ONCE, session.pause, may_repeat=lambda error: isinstance(error.__cause__, UNREADABLE)
    )


def _decoded(decode: Callable[[bytes], Decoded], body: bytes) -> Decoded:
    """What a body holds; values in it that are not valid JSON are marked, so that only their records are lost."""
    try:
        if body.isascii() or body.decode():
            return decode(body)
    except UNREADABLE:
        pass
    mended = repaired(body)
    return decode(body if mended is None else mended)


def last_readable(page: Page, read: Callable[[msgspec.Raw], Item | None]) -> Item | None:
    """What `read` takes out of the last record of a page from which it can take it; None where there is none.

    A reader that goes on behind a record reads those again that follow this one; `read` gives None for them.
    """
    found = (read(raw) for raw in reversed(page))
    return next((item for item in found if item is not None), None)


def keys_in(resource: Resource, pages: Iterable[Page]) -> Iterator[list[str]]:
    """The keys of the records in the pages, as text, empty for a record from which no key can be read."""
    key_of = decoder_at(resource.field(resource.key).path)
    for page in pages:
        keys = (key_of(raw) for raw in page)
        yield ["" if key is None or is_marked(key) else str(key) for key in keys]


def only_fields(resource: Resource, names: Collection[str]) -> Resource:
    """The resource with its key, the named fields and what these need beside them as its only fields.

    A reader that asks the vendor for the declared fields asks for no others then.
    """
    beside = {resource.field(name).form.beside for name in names}
    wanted = {resource.key, *names, *beside}
    fields = tuple(item for item in resource.fields if item.name in wanted)
    return replace(resource, fields=fields, changes=Snapshot(), deleted="", writes=None, links=None)


def only_key(resource: Resource) -> Resource:
    """The resource with its key as its only field."""
    return only_fields(resource, ())


@contextmanager
def fast_thread_switches() -> Iterator[None]:
    """Threads of this process take turns sooner within the block, so that `prefetch` receives while rows are made.

    By default a thread waits up to 5 ms for a busy one, at every piece of a page that it takes in.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def page_by_page() -> Iterator[None]:
    """Within the block nothing is fetched ahead: a page that is not asked for costs no call."""
    before = _is_ahead.set(False)
    try:
        yield
    finally:
        _is_ahead.reset(before)


def prefetch(pages: Iterator[Page]) -> Iterator[Page]:
    """The same pages, each fetched by one background thread while the caller works on the one before it."""
    if not _is_ahead.get():
        yield from pages
        return
    end: Page = []
    with ThreadPoolExecutor(1, thread_name_prefix="concord-pages") as thread:
        upcoming = thread.submit(next, pages, end)
        try:
            while (page := upcoming.result()) is not end:
                upcoming = thread.submit(next, pages, end)
                yield page
        finally:
            thread.shutdown(cancel_futures=True)
            if isinstance(pages, Generator):
                pages.close()
