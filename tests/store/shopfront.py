"""The declaration of a small system on which writes are tried; its vendor is in `shopfront_vendor`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from concord.contract import (
    Change,
    ChangedBetween,
    End,
    Field,
    Kind,
    Outcome,
    Page,
    RateLimit,
    Resource,
    Session,
    System,
    VendorRules,
    Window,
    Writes,
)
from concord.errors import OutcomeUnknownError, RequestError
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import keys_in
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.settings import Connection
from tests.store.shopfront_vendor import Record

_MOST_ASKED = 1_000  # values in an address


class _Page(msgspec.Struct):
    records: list[msgspec.Raw]


class _Reader(NotDescribed):
    """Everything in one page."""

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        yield msgspec.json.decode(session.send("GET", resource.name), type=_Page).records

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        return keys_in(resource, self.read_window(session, resource, None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        for first in range(0, len(values), _MOST_ASKED):
            some = json.dumps(list(values[first : first + _MOST_ASKED]))
            asked = {"field": resource.field(name).path, "values": some}
            yield msgspec.json.decode(session.send("GET", resource.name, params=asked), type=_Page).records


class _Writer:
    """Some changes a call, guarded by the server."""

    finishes_creates = False

    def __init__(self, size: int) -> None:
        self.size = size

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        sent = [_for_vendor(resource, change) for change in changes]
        answer = session.send("POST", resource.name, body=sent, is_write=True)
        try:
            results = json.loads(answer)["results"]
        except ValueError as error:
            raise OutcomeUnknownError("The answer cannot be read.") from error
        return [Outcome(item["id"], End(item["status"]), item.get("key"), item["message"]) for item in results]


class _FinishingWriter(_Writer):
    """Creates in two calls, as a vendor with a workflow needs; what is there already is finished."""

    finishes_creates = True

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        if changes[0].key is not None:
            return super().write(session, resource, changes)
        wanted = [str(change.after["concord_id"]) for change in changes]
        (present,) = resource.read.read_matching(session, resource, "concord_id", wanted)
        found = {item["concord"]: item for item in map(json.loads, map(bytes, present))}
        missing = [change for change in changes if change.after["concord_id"] not in found]
        made = super().write(session, resource, missing) if missing else []
        keys = {change.change_id: outcome.key for change, outcome in zip(missing, made, strict=True)}
        for change in changes:
            record = found.get(change.after["concord_id"])
            keys.setdefault(change.change_id, record["id"] if record else None)
        try:
            session.send("POST", f"{resource.name}/finish", body=list(keys.values()), is_write=True)
        except RequestError:
            return [Outcome(name, End.REJECTED, key, "It stays half made.") for name, key in keys.items()]
        return [Outcome(name, End.CONFIRMED, key) for name, key in keys.items()]


def _for_vendor(resource: Resource, change: Change) -> Record:
    values = {resource.field(name).path: value for name, value in change.after.items()}
    stamp = change.guard.get("updated_at")
    return {
        "id": change.change_id,
        "key": change.key,
        "values": values,
        "stamp": stamp.isoformat() if isinstance(stamp, datetime) else None,
    }


class NoAuth:
    """The vendor asks nobody who they are."""

    def headers(self, session: Session) -> dict[str, str]:
        return {}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        return None


def declare(size: int = 2, concurrency: int = 2, *, is_finishing: bool = False) -> System:
    """Accounts, and contacts that belong to accounts."""
    writer = _FinishingWriter(size) if is_finishing else _Writer(size)
    accounts = Resource(
        name="accounts",
        read=_Reader(),
        key="source_id",
        changes=ChangedBetween("updated_at"),
        deleted="is_deleted",
        fields=(
            Field("id", "source_id", required=True),
            Field("name", "account_name"),
            Field("phone", "phone"),
            Field("credit", "credit_amount", Kind.DECIMAL),
            Field("concord", "concord_id"),
            Field("is_deleted", "is_deleted", Kind.BOOLEAN),
            Field("updated", "updated_at", Kind.TIMESTAMP, required=True),
        ),
        writes=Writes(
            writer=writer,
            update=frozenset({"account_name", "phone", "credit_amount", "is_deleted"}),
            create=frozenset({"account_name", "phone", "concord_id"}),
            guard="updated_at",
            natural_key=("concord_id",),
            never_empty=frozenset({"account_name"}),
        ),
    )
    return System(
        name="shopfront",
        title="Shopfront",
        connection="shopfront_default",
        auth=NoAuth(),
        rate_limit=RateLimit(per_second=1000, concurrency=concurrency),
        resources=(accounts, _declare_contacts(size)),
    )


def _declare_contacts(size: int) -> Resource:
    return Resource(
        name="contacts",
        read=_Reader(),
        key="source_id",
        changes=ChangedBetween("updated_at"),
        fields=(
            Field("id", "source_id", required=True),
            Field("account", "account_source_id"),
            Field("email", "email"),
            Field("tags", "tags", Kind.JSON),
            Field("updated", "updated_at", Kind.TIMESTAMP, required=True),
        ),
        writes=Writes(
            writer=_Writer(size),
            update=frozenset({"email"}),
            create=frozenset({"account_source_id", "email", "tags"}),
            guard="updated_at",
            natural_key=("account_source_id", "email"),
        ),
    )


@contextmanager
def open_shopfront(url: str) -> Iterator[HttpSession]:
    """The product's own session to the vendor, which does not wait between attempts."""
    limits = RetryLimits(attempts=2, first_wait=0.0, sleep=lambda seconds: None)
    ways = SessionSettings(VendorRules(refuses_before_acting=frozenset({503})), limits)
    session = HttpSession(Connection("shopfront_default", url), NoAuth(), ways)
    try:
        yield session
    finally:
        session.close()


def write_suites(folder: Path, longest: int = 60) -> Path:
    """One statement per resource."""
    for resource, column in (("accounts", "account_name"), ("contacts", "email")):
        suite = {
            "name": f"shopfront/{resource}",
            "expectations": [
                {
                    "type": "expect_column_value_lengths_to_be_between",
                    "kwargs": {"column": column, "min_value": 1, "max_value": longest},
                    "meta": {
                        "severity": "row",
                        "reason": f"{column} is empty or endless",
                        "note": "An empty or endless name is a typing error.",
                    },
                }
            ],
        }
        path = folder / "shopfront" / f"{resource}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(suite))
    return folder
