"""What all readers share: decoding that asks again, pages that must end, the next page fetched ahead."""

import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from concord.contract import Page, Session
from concord.errors import OutcomeUnknownError, ServerError

Decoded = TypeVar("Decoded")
Item = TypeVar("Item")

_ATTEMPTS = 3
_MOST_PAGES = 100_000
_HANDOVER_SECONDS = 0.0002  # by default a thread waits 25 times as long to take in each piece of a page


class Pages:
    """Guards one listing against tokens that repeat and against a list without an end."""

    def __init__(self, resource: str, most: int = _MOST_PAGES) -> None:
        self._resource = resource
        self._most = most
        self._seen: set[object] = set()

    def turn(self, token: object) -> None:
        """Take note of the token of the next page."""
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
            f"The pages of {self._resource} go in circles: the vendor gave the same {what} twice; "
            "run the task again, and report it to the vendor if it stays so.",
            resource=self._resource,
        )


def batched(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in slices of at most that many."""
    return (items[start : start + size] for start in range(0, len(items), size))


def ask(
    session: Session, decoder: "msgspec.json.Decoder[Decoded]", method: str, path: str, **options: Any
) -> Decoded:
    """Send and decode; an answer that is not what was agreed is asked for again, or is an unknown outcome."""
    return ask_with_headers(session, decoder.decode, method, path, **options)[0]


def ask_with_headers(
    session: Session, decode: Callable[[bytes], Decoded], method: str, path: str, **options: Any
) -> tuple[Decoded, Mapping[str, str]]:
    """The decoded body and the headers it came with."""
    for attempt in range(1, _ATTEMPTS + 1):
        answer = session.fetch(method, path, **options)
        try:
            return decode(answer.body), answer.headers
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if options.get("is_write"):
                raise OutcomeUnknownError(
                    f"The answer to a write at {urlsplit(path).path} cannot be read; "
                    "read the records back before anything is sent again."
                ) from error
            if attempt == _ATTEMPTS:
                raise ServerError(
                    f"The answer from {urlsplit(path).path} is not in the agreed form; check the API version and "
                    "the vendor's status page, then run the task again."
                ) from error
    raise AssertionError("unreachable: the last attempt returns or raises")


def prefetch(pages: Iterator[Page]) -> Iterator[Page]:
    """The same pages, each fetched by one background thread while the caller works on the one before it."""
    end: Page = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_HANDOVER_SECONDS)
    with ThreadPoolExecutor(1, thread_name_prefix="concord-pages") as thread:
        upcoming = thread.submit(next, pages, end)
        try:
            while (page := upcoming.result()) is not end:
                upcoming = thread.submit(next, pages, end)
                yield page
        finally:
            sys.setswitchinterval(interval)
            thread.shutdown(cancel_futures=True)
            if isinstance(pages, Generator):
                pages.close()
