"""Every registered system against a running server of its own, loaded from one small world."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from concord.http.auth import ClientCredentials, TrytonLogin
from concord.registry import system
from concord.settings import Connection
from sandbox.launch import start
from sandbox.load import load
from sandbox.tryton import server as tryton
from sandbox.world import World, generate
from sandbox.world.__main__ import write_world
from sandbox.world.shopify import LOCATION
from tests.systems.bench import Bench, SandboxDesk, TrytonDesk
from tests.systems.relay import relayed

STATE = Path(__file__).parents[2] / ".concord"
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="package")
def world() -> World:
    return generate(7, as_of=AS_OF, customers=120, products=40, orders=120)


@pytest.fixture(scope="package")
def shopify(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("shopify")
    load("shopify", folder, {**world.shopify, "locations": [{"id": LOCATION, "name": "Warehouse"}]})
    server = start("shopify", folder)
    connection = Connection("shopify_default", server.url, "sandbox-client", "sandbox-secret")
    yield Bench(
        system("shopify"),
        connection,
        SandboxDesk(server),
        lambda: ClientCredentials("/admin/oauth/access_token", header="X-Shopify-Access-Token"),
    )
    server.stop()


@pytest.fixture(scope="package")
def salesforce(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("salesforce")
    load("salesforce", folder, world.salesforce)
    server = start("salesforce", folder)
    desk = SandboxDesk(server)
    desk.shrink_pages()
    connection = Connection("salesforce_default", server.url, "sandbox-client", "sandbox-secret")
    yield Bench(
        system("salesforce"),
        connection,
        desk,
        lambda: ClientCredentials("/services/oauth2/token", header="Authorization", prefix="Bearer "),
    )
    server.stop()


@pytest.fixture(scope="package")
def erp(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("tryton")
    write_world(world, folder / "world", systems=("tryton",))
    instance = tryton.create(STATE, folder / "erp")
    tryton.load(instance, folder / "world" / "tryton")
    server = tryton.start(instance)
    with relayed(instance.url) as relay:
        extra = {"database": instance.database}
        connection = Connection("tryton_default", relay.url, instance.user, instance.password, extra)
        yield Bench(system("tryton"), connection, TrytonDesk(instance, relay), TrytonLogin)
    tryton.stop(server)


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Bench]]:
    """The bench of a system by its name; its faults are taken away after the test."""
    used: list[Bench] = []

    def find(name: str) -> Bench:
        found: Bench = request.getfixturevalue("erp" if name == "tryton" else name)
        used.append(found)
        return found

    yield find
    for item in used:
        item.desk.reset()
