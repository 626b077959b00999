"""Reads a large window by one bulk operation instead of thousands of pages that each cost points.

https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.errors import NetworkError, ServerError
from concord.protocols.graphql.nested import complete
from concord.protocols.graphql.selection import select_fields
from concord.protocols.reading import prefetch
from concord.protocols.session.download import FileRules, download
from concord.protocols.session.retries import Backoff, retry
from concord.systems.shopify.bulk_jobs import COMPLETED, OVER, Operation, cancel, follow, start
from concord.systems.shopify.bulk_lines import Line, Shape, count_children, id_of, nested, shape_of
from concord.systems.shopify.graphql import SearchedConnection
from concord.systems.shopify.selections import NESTED

# Where the files of bulk operations lie; https://shopify.dev/docs/api/usage/bulk-operations/queries
_FILE_HOSTS = frozenset({"storage.googleapis.com", "shopify.com", "myshopify.com", "shopifycloud.com"})
_DOWNLOADS = Backoff(attempts=3, first_wait=2.0, factor=1.0)
_ROWS = 1000
_KEYS_PER_QUERY = 25
_VARIABLE = re.compile(r"\$\w+")


class _Count(msgspec.Struct):
    count: int


_count = msgspec.json.Decoder(_Count)
_found = msgspec.json.Decoder(list[Line | None])


@dataclass(frozen=True, slots=True)
class BulkConnection(SearchedConnection):
    """A connection of which windows with more than `bulk_above` records are read by a bulk operation.

    `counted` is the root that counts the same records; the connection's `bulk_read_above` overrides the limit.
    At 0 every window is read in bulk, without a count of its records first.
    """

    counted: str = ""
    bulk_above: int = 10_000

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records changed within the window."""
        return prefetch(self._read_suitably(session, resource, self._condition(window)))

    def read_pages(self, session: Session, resource: Resource) -> Iterator[Page]:
        """The records there are now, without a bulk operation."""
        return prefetch(self._read(session, resource, None))

    def _read_suitably(self, session: Session, resource: Resource, condition: str | None) -> Iterator[Page]:
        if self._is_large(session, resource, condition):
            yield from self._read_bulk(session, resource, condition)
        else:
            yield from self._read(session, resource, condition)

    def _is_large(self, session: Session, resource: Resource, condition: str | None) -> bool:
        most = int(session.connection.number("bulk_read_above", self.bulk_above))
        if most == 0 or not self.counted:
            return most == 0
        query = f"query($query: String, $limit: Int) {{{self.counted}(query: $query, limit: $limit) {{count}}}}"
        data = self.api.run(session, query, {"query": condition, "limit": most + 1})
        try:
            return _count.decode(data[self.counted]).count > most
        except (KeyError, msgspec.DecodeError) as error:
            raise ServerError(f"The vendor does not say how many {resource.name} there are.") from error

    def _read_bulk(self, session: Session, resource: Resource, condition: str | None) -> Iterator[Page]:
        shape = shape_of(resource)
        job = start(self.api, session, self._bulk_query(session, shape, condition))
        try:
            job = follow(self.api, session, job)
        finally:
            if job.status not in OVER:
                cancel(self.api, session, job)
        if job.status != COMPLETED:
            raise _no_result(resource, job)
        if job.url is None:
            _check_nothing(resource, job)
            return
        with tempfile.TemporaryFile() as file:
            expected = _fetch(session, resource, job, file)
            for lines in _paged(nested(file, shape, expected)):
                yield complete(self.api, session, self._completed(session, shape, lines), NESTED)

    def _bulk_query(self, session: Session, shape: Shape, condition: str | None) -> str:
        """The query in itself, for a bulk operation takes no variables."""
        used = " ".join([*self.arguments.values(), self.always])
        found = self._variables(session, used)
        values = {f"${name}": _literal(variable.value) for name, variable in found.items()}
        arguments = {
            path: _VARIABLE.sub(lambda found: values[found[0]], argument)
            for path, argument in self.arguments.items()
        }
        search = "" if condition is None else f"query: {_literal(condition)}"
        asked = f"({' '.join(filter(None, (search, self.always)))})" if search or self.always else ""
        return f"{{{self.root}{asked} {{edges {{node {{{shape.selection(arguments)}}}}}}}}}"

    def _completed(self, session: Session, shape: Shape, lines: list[Line]) -> Page:
        """The records with what a bulk operation cannot give; one that is gone by now is left out."""
        wanted = [id_of(line) for line in lines if id_of(line) and _has_any(line, shape)]
        beside: dict[str, Line | None] = {}
        for at in range(0, len(wanted), _KEYS_PER_QUERY):
            some = wanted[at : at + _KEYS_PER_QUERY]
            beside.update(zip(some, self._look_up(session, shape, some), strict=True))
        page: Page = []
        for line in lines:
            more = beside.get(id_of(line), {})
            if more is not None:
                page.append(msgspec.Raw(msgspec.json.encode({**line, **more})))
        return page

    def _look_up(self, session: Session, shape: Shape, keys: list[str]) -> list[Line | None]:
        query = (
            f"query($ids: [ID!]!) {{nodes(ids: $ids) {{... on {self.type} {{{select_fields(shape.beside)}}}}}}}"
        )
        try:
            found = _found.decode(self.api.run(session, query, {"ids": keys})["nodes"])
        except (KeyError, msgspec.DecodeError) as error:
            raise ServerError("Records came back in another form than agreed; run the task again.") from error
        if len(found) != len(keys):
            raise ServerError("The vendor gave more or fewer records than it was asked for; run the task again.")
        return found


def _has_any(line: Line, shape: Shape) -> bool:
    return any(bytes(line.get(item.path, b"null")) not in (b"[]", b"null") for item in shape.beside)


def _literal(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _no_result(resource: Resource, job: Operation) -> ServerError:
    sentences = {
        "CANCELED": "somebody cancelled it; run the task again",
        "EXPIRED": "it took longer than Shopify lets it; read shorter windows",
    }
    gave_up = f"Shopify gave it up ({job.error_code or 'it gives no reason'}); run the task again"
    sentence = sentences.get(job.status, f"{gave_up}, or read shorter windows")
    return ServerError(
        f"The bulk operation {job.id} that reads {resource.name} has no result: {sentence}.", job=job.id
    )


def _check_nothing(resource: Resource, job: Operation) -> None:
    """Raise where the operation found records but names no address of their file."""
    if int(job.object_count or 0):
        raise ServerError(
            f"The bulk operation {job.id} found {job.object_count} lines of {resource.name} and does not say "
            "where they are; run the task again.",
            job=job.id,
        )


def _fetch(session: Session, resource: Resource, job: Operation, file: BinaryIO) -> "Counter[str]":
    """Download the whole file before anything of it is used; one that is cut off is fetched again."""
    rules = FileRules(_FILE_HOSTS, None if job.file_size is None else int(job.file_size))

    def fetch_once() -> "Counter[str]":
        file.seek(0)
        file.truncate()
        try:
            size = download(session, job.url or "", file, rules)
            if job.file_size is not None and size != int(job.file_size):
                raise ValueError(f"it has {size} bytes where {job.file_size} were announced")
            return count_children(file, job)
        except (NetworkError, ServerError, ValueError, KeyError) as error:
            raise ServerError(
                f"The file of {resource.name} came broken {_DOWNLOADS.attempts} times ({error}); nothing was "
                "kept, run the task again.",
                job=job.id,
            ) from error

    return retry(fetch_once, _DOWNLOADS, session.pause)


def _paged(lines: Iterator[Line]) -> Iterator[list[Line]]:
    page: list[Line] = []
    for line in lines:
        page.append(line)
        if len(page) == _ROWS:
            yield page
            page = []
    if page:
        yield page
