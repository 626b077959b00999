"""One set of running vendors and one PostgreSQL; every test starts from a saved state of one first night."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from concord.cli.installation_start import prepare_warehouse
from concord.local.postgres import Postgres
from concord.settings import Settings
from concord.stages.reconcile.build import BuiltCounts
from concord.stages.write_back.apply import PlanOutcome
from sandbox.world import World, generate
from tests.flow.night import FIRST, Night
from tests.flow.vendors import SANDBOX, Vendors, running_vendors
from tests.flow.warehouse import STAMPS, Dump, dump

FLOW = "flow"
LOADED = "loaded"
RECONCILED = "reconciled"
ENDED = "ended"
EMPTY = "empty"

Begin = Callable[[str], Night]


@dataclass
class FirstNight:
    """What the first night came to, and where its moments are kept."""

    kept: Path
    before: BuiltCounts
    after: BuiltCounts
    outcomes: Mapping[str, PlanOutcome]
    contents: Mapping[str, Any]
    effects: Mapping[str, Mapping[str, int]]
    loaded: Mapping[str, Any]
    validated: Dump


@pytest.fixture(scope="session")
def as_of() -> datetime:
    """The end of the first night's interval: the last midnight."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="session")
def world(as_of: datetime) -> World:
    return generate(33, as_of=as_of, customers=75, products=40, orders=150)


@pytest.fixture(scope="session")
def vendors(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Vendors]:
    with running_vendors(tmp_path_factory.mktemp("vendors"), world) as found:
        yield found


@pytest.fixture(scope="session")
def settings(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One warehouse address for all, because dbt reads its project anew for every other."""
    home = tmp_path_factory.mktemp("home")
    return Settings(warehouse_url=postgres.url(FLOW), home=home, reports=home)


def copy_warehouse(postgres: Postgres, source: str, target: str) -> None:
    """Make `target` what `source` is."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        # The library of expectations keeps its last connection until it is collected.
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (source,))
        for statement, names in (
            ("drop database if exists {} with (force)", (target,)),
            ("create database {} template {} strategy file_copy", (target, source)),
        ):
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def first_night(
    postgres: Postgres,
    settings: Settings,
    vendors: Vendors,
    as_of: datetime,
    tmp_path_factory: pytest.TempPathFactory,
) -> FirstNight:
    """The first night, kept before it, before its write-backs, and at its end."""
    kept = tmp_path_factory.mktemp("kept")
    vendors.save(kept / LOADED)
    loaded = vendors.all_contents()
    copy_warehouse(postgres, "template0", FLOW)
    prepare_warehouse(settings.warehouse_url)
    copy_warehouse(postgres, FLOW, EMPTY)
    night = Night(settings, vendors.connections())
    for system in night.systems:
        night.read_system(system, as_of)
    validated = dump(settings.warehouse_url, "validated", without=STAMPS)
    before = night.reconcile(FIRST)
    copy_warehouse(postgres, FLOW, RECONCILED)
    vendors.calm()
    outcomes = {system: night.write_back(system, FIRST) for system in night.systems}
    effects = {vendor: vendors.effects(vendor) for vendor in SANDBOX}
    after = night.finish(FIRST)
    copy_warehouse(postgres, FLOW, ENDED)
    vendors.save(kept / ENDED)
    return FirstNight(kept, before, after, outcomes, vendors.all_contents(), effects, loaded, validated)


@pytest.fixture
def begin(postgres: Postgres, settings: Settings, vendors: Vendors, first_night: FirstNight) -> Iterator[Begin]:
    """Go back to a moment: nothing read yet, before the write-backs (reconciled), or the morning after (ended)."""

    def go_back(moment: str) -> Night:
        copy_warehouse(postgres, moment, FLOW)
        vendors.restore(first_night.kept / (ENDED if moment == ENDED else LOADED))
        return Night(settings, vendors.connections())

    yield go_back
    vendors.calm()
