"""Stripe with its control desk, for tests of what only Stripe does."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from concord.contract import Resource, Window
from concord.protocols.session.client import HttpSession
from concord.protocols.values import Record
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.open_benches import FindBench

WHOLE = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def moment(second: object) -> datetime:
    return datetime.fromtimestamp(int(str(second)), UTC)


def changed_at(record: Record) -> datetime:
    return moment(record["_concord"]["changed"])


@dataclass
class Account:
    """A Stripe account of the sandbox, and the sandbox's controls for it."""

    bench: Bench

    def resource(self, name: str) -> Resource:
        return self.bench.system.resource(name)

    def control(self, path: str, body: object) -> Any:
        return self.bench.desk.server.control(path, body)  # type: ignore[attr-defined]

    def session(self, *, event_days: float | None = None) -> HttpSession:
        """A session. With `event_days` the vendor lists events of that many days only; the session knows it."""
        if event_days is None:
            return self.bench.session()
        self.control("limits", {"event_days": event_days})
        hours = event_days + 1 / 24  # the reader subtracts a margin of one hour
        connection = replace(self.bench.connection, extra={"event_days": hours})
        return replace(self.bench, connection=connection).session()

    def read(self, name: str, window: Window | None = WHOLE) -> Mapping[str, Record]:
        return by_key(self.resource(name), read_all(self.session(), self.resource(name), window))

    def now(self) -> Window:
        """The window that begins a minute ago; the world ends before it."""
        return Window(datetime.now(UTC) - timedelta(minutes=1), FAR)

    def calls(self, session: HttpSession, name: str, window: Window) -> Counter[str]:
        """The number of calls of each operation that reading the window needs."""
        before = self.control("counts", None)["attempts"]
        read_all(session, self.resource(name), window)
        return Counter(self.control("counts", None)["attempts"]) - Counter(before)


@pytest.fixture
def account(bench: FindBench) -> Account:
    return Account(bench("stripe"))
