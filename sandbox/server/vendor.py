"""What every vendor of the sandbox tells the machinery around it: its calls by name, its pages, its refusals."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.server.tokens import CLIENT_ID, CLIENT_SECRET
from sandbox.server.wire import Answer, App
from sandbox.store import Collection, Record, Store, encode

JSON_TYPE = (b"content-type", b"application/json; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Described:
    """What a request means to do: operations by the vendor's names, and the records a write is aimed at."""

    operations: tuple[str, ...] = ()
    targets: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Page:
    """The list of records inside an answer, in place, so that a fault can bend it."""

    collection: str
    id_field: str
    records: list[Any]
    cursor: str | None
    set_cursor: Callable[[str], None]
    unwrap: Callable[[Any], Record] = field(default=lambda record: record)


def json_answer(status: int, body: object) -> Answer:
    """A response in JSON."""
    content = encode(body)
    return Answer(status, [JSON_TYPE, (b"content-length", str(len(content)).encode())], content)


class Vendor:
    """The base of a vendor; each overrides what its own API does differently.

    `client` is the login and password that it takes, `extra` what else a connection to it must say.
    """

    name = ""
    client = (CLIENT_ID, CLIENT_SECRET)
    extra: Mapping[str, Any] = {}
    ignores_trailing_slash = False

    def __init__(self, data_dir: Path, collections: Iterable[Collection]) -> None:
        self.store = Store(data_dir / f"{self.name}.sqlite", collections)

    def app(self) -> App:
        """The vendor's own API."""
        raise NotImplementedError

    def describe(self, call: Call) -> Described:
        """Names the operations of a call without carrying it out."""
        return Described((f"{call.method} {call.path}",))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        """The page of records in a decoded answer, if it holds one."""
        return None

    def results_in(self, payload: Any) -> list[Any] | None:
        """The list of per-record results in a decoded answer, if it holds one."""
        return None

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        """The vendor's way of saying `throttle`, `expired_token`, `errors`, or a plain status."""
        return json_answer(int(fault.get("status", 500)), {"error": kind})

    def fail_rows(self, fault: Mapping[str, Any] | None) -> None:
        """Lets chosen rows of the following batch fail one by one; None ends that."""

    def expire_token(self, call: Call) -> None:
        """Makes the token of this call worthless from now on."""

    def set_served_version(self, answer: Answer, version: str) -> None:
        """Claims that another API version has answered."""
        answer.set_header("x-api-version", version)

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        """A person changes (or with no id, creates) a record in the vendor's own user interface."""
        raise NotImplementedError

    def delete(self, collection: str, record_id: str) -> bool:
        """A person deletes a record."""
        raise NotImplementedError

    def resolve(self, collection: str, name: str) -> str:
        """The id of a record that a write named by another key, once it is known."""
        return name

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        """Changes the vendor's limits and tells what they are now."""
        return {}

    def reset(self) -> None:
        """Forgets what a test may have bent: limits and buckets."""

    def canonical(self, name: str) -> str:
        """The collection meant by a file or path name, in whatever spelling."""
        wanted = _bare(name)
        for collection in self.store.collections:
            if _bare(collection) == wanted:
                return collection
        known = ", ".join(self.store.collections)
        raise KeyError(f"{self.name} has no collection {name!r}; it has {known}")

    def prepare(self, collection: str, record: Record) -> Record:
        """Brings a record of a load file into the stored shape."""
        return record


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold().removesuffix("s")
