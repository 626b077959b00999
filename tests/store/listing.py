"""A declared test system whose records are those that the test puts in a list."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from concord.contract import (
    ChangedBetween,
    Field,
    Kind,
    Page,
    RateLimit,
    Resource,
    Session,
    Snapshot,
    System,
    Window,
)
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import keys_in


@dataclass
class Listing(NotDescribed):
    """A reader over records held in memory, two to a page; `raw` adds verbatim bytes.

    The list of keys leaves out those in `unlisted`, as a list does that moves while it is paged.
    """

    records: list[dict[str, object]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    unlisted: set[str] = field(default_factory=set)

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        chosen = [record for record in self.records if _is_in(record, window)]
        texts = [json.dumps(record).encode() for record in chosen] + self.raw
        for start in range(0, len(texts), 2):
            yield [msgspec.Raw(text) for text in texts[start : start + 2]]

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        for keys in keys_in(resource, self.read_window(session, resource, None)):
            yield [key for key in keys if key not in self.unlisted]

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        path = resource.field(name).path
        yield [msgspec.Raw(json.dumps(record).encode()) for record in self.records if str(record[path]) in values]


def _is_in(record: dict[str, object], window: Window | None) -> bool:
    if window is None:
        return True
    at = datetime.fromisoformat(str(record["updated"]))
    return window.start <= at < window.end


class Silent:
    """Reads need no session here; its clock is `clock_behind` behind ours."""

    clock_behind: timedelta | None = None

    def send(self, method: str, path: str, **call: object) -> bytes:
        raise AssertionError("the listing does not call")

    def option(self, key: str, default: str | None = None) -> str:
        return default or ""


class NoAuth:
    """The listing asks nobody who they are."""

    def headers(self, session: Session) -> dict[str, str]:
        return {}

    def refresh(self, session: Session) -> None:
        return None


def declare(listing: Listing, changes: ChangedBetween | Snapshot) -> System:
    """One system with one resource, `things`, read from the listing."""
    things = Resource(
        name="things",
        read=listing,
        key="source_id",
        changes=changes,
        deleted="is_deleted",
        fields=(
            Field("id", "source_id", required=True),
            Field("name", "thing_name"),
            Field("price", "price", Kind.DECIMAL),
            Field("owner.mail", "email"),
            Field("tags", "tags", Kind.JSON),
            Field("gone", "is_deleted", Kind.BOOLEAN),
            Field("updated", "updated_at", Kind.TIMESTAMP, required=isinstance(changes, ChangedBetween)),
        ),
    )
    return System(
        name="testing",
        title="Testing",
        connection="testing_default",
        auth=NoAuth(),
        rate_limit=RateLimit(per_second=100),
        resources=(things,),
    )


def thing(number: int, **changed: object) -> dict[str, object]:
    """A sound record; what a test says replaces its values."""
    base: dict[str, object] = {
        "id": f"T-{number}",
        "name": f"Thing {number}",
        "price": "9.90",
        "owner": {"mail": f"owner{number}@example.com"},
        "tags": ["a", "b"],
        "gone": False,
        "updated": f"2026-11-{1 + number % 20:02d}T08:00:00Z",
    }
    return {**base, **changed}


NOVEMBER = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


def write_suite(folder: Path) -> Path:
    """A suite with one statement about rows: prices are not negative."""
    suite = {
        "name": "testing/things",
        "expectations": [
            {
                "type": "expect_column_values_to_be_between",
                "kwargs": {"column": "price", "min_value": 0},
                "meta": {
                    "severity": "row",
                    "reason": "price is below 0",
                    "note": "A negative price is a typing error.",
                },
            }
        ],
    }
    (folder / "testing").mkdir(parents=True)
    (folder / "testing" / "things.json").write_text(json.dumps(suite))
    return folder
