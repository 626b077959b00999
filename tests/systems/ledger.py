"""NetSuite with its control desk, for tests of what only NetSuite does."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from concord.contract import Change, Outcome, Resource
from concord.protocols.values import Record, decode_record
from concord.testing.bench import Bench, by_key, read_all


@pytest.fixture
def ledger(bench: Callable[[str], Bench]) -> Bench:
    return bench("netsuite")


def set_limits(ledger: Bench, **limits: object) -> None:
    ledger.desk.server.control("limits", limits)  # type: ignore[attr-defined]


def with_extra(ledger: Bench, **extra: object) -> Bench:
    connection = replace(ledger.connection, extra={**ledger.connection.extra, **extra})
    return replace(ledger, connection=connection)


def create(number: int, **changed: object) -> Change:
    values = {"is_person": False, "company_name": f"Werk {number}", "concord_id": f"CUS-{number}", **changed}
    return Change(f"create-{number}-{changed}", None, "create", {}, values, {})


def write(ledger: Bench, changes: list[Change], resource: Resource | None = None) -> list[Outcome]:
    resource = resource or ledger.system.resource("customers")
    assert resource.writes is not None
    outcomes = resource.writes.writer.write(ledger.session(), resource, changes)
    order = [change.change_id for change in changes]
    return sorted(outcomes, key=lambda outcome: order.index(outcome.change_id))


def customers(ledger: Bench) -> Mapping[str, Record]:
    resource = ledger.system.resource("customers")
    return by_key(resource, read_all(ledger.session(), resource))


def decoded(resource: Resource, page: list[Any]) -> list[Record]:
    return [decode_record(resource, raw) for raw in page]
