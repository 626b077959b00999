"""What every vendor of the sandbox must offer: names of its calls, its pages and results, and its refusals."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox.server.account import AccountFields
from sandbox.server.records import Collection, Record, encode
from sandbox.server.store import Store
from sandbox.server.tokens import CLIENT_ID, CLIENT_SECRET
from sandbox.server.wire import Answer, App

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
    """What a request asks for: operations by the vendor's names, and the records that a write is for."""

    operations: tuple[str, ...] = ()
    targets: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Page:
    """The list of records inside a decoded response; a fault changes it in place."""

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
    """The base class of a vendor; each overrides what its own API does differently.

    `client` is the login and password that it accepts, `extra` the other fields that a connection to it needs.
    `denial` is how it refuses what the login may not do: the kind of a refusal, and what the fault says of it.
    """

    name = ""
    client = (CLIENT_ID, CLIENT_SECRET)
    extra: Mapping[str, Any] = {}
    denial: tuple[str, Mapping[str, Any]] = ("status", {"status": 403})
    ignores_trailing_slash = False

    def __init__(self, data_dir: Path, collections: Iterable[Collection]) -> None:
        self.store = Store(data_dir / f"{self.name}.sqlite", collections)
        self.account = AccountFields(self)

    def app(self) -> App:
        """The vendor's own API."""
        raise NotImplementedError

    def field_table(self, collection: str) -> dict[str, Any]:
        """The definitions of a collection's fields by name; the account lacks one that is taken out."""
        raise KeyError(f"{self.name} has one edition only")

    def retyped(self, definition: Any, kind: str) -> Any:
        """The definition of a field of another type."""
        return replace(definition, type=kind)

    def grant(self, scopes: Iterable[str]) -> None:
        """The app has these scopes, and no others."""
        raise KeyError(f"{self.name} does not tell scopes")

    def fields_changed(self) -> None:
        """What is derived from the tables of fields is made anew."""

    def describe(self, call: Call) -> Described:
        """The operations of a call and the records that it is for; the call is not carried out."""
        return Described((f"{call.method} {call.path}",))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        """The page of records in a decoded response; None where it holds none."""
        return None

    def results_in(self, payload: Any) -> list[Any] | None:
        """The list with a result for each record in a decoded response; None where it holds none."""
        return None

    def refusal(self, kind: str, fault: Mapping[str, Any]) -> Answer:
        """The vendor's response to `throttle`, `expired_token` and `errors`, and with a plain status."""
        return json_answer(int(fault.get("status", 500)), {"error": kind})

    def fail_rows(self, fault: Mapping[str, Any] | None) -> None:
        """Let the rows that a fault chooses fail in the next batches; None ends that."""

    def expire_token(self, call: Call) -> None:
        """End the token of this call."""

    def set_served_version(self, answer: Answer, version: str) -> None:
        """State another API version in a response."""
        answer.set_header("x-api-version", version)

    def edit(self, collection: str, record_id: str | None, changes: Mapping[str, Any]) -> Record:
        """A person changes (or with no id, creates) a record in the vendor's own user interface."""
        raise NotImplementedError

    def delete(self, collection: str, record_id: str) -> bool:
        """A person deletes a record."""
        raise NotImplementedError

    def resolve(self, collection: str, name: str) -> str:
        """The id of a record that a write named by another key; that key itself while no record has it."""
        return name

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        """Change the vendor's limits; gives the limits that hold now."""
        return {}

    def reset(self) -> None:
        """Restore limits and buckets as they are at the start."""

    def canonical(self, name: str) -> str:
        """The collection that a file or path name stands for."""
        wanted = _bare(name)
        for collection in self.store.collections:
            if _bare(collection) == wanted:
                return collection
        known = ", ".join(self.store.collections)
        raise KeyError(f"{self.name} has no collection {name!r}; it has {known}")

    def prepare(self, collection: str, record: Record) -> Record:
        """A record of a load file in the form in which it is stored."""
        return record


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold().removesuffix("s")
