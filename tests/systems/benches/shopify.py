"""The shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from concord.http.auth import ClientCredentials
from concord.registry import system
from concord.settings import Connection
from sandbox.launch import start
from sandbox.load import load
from sandbox.world import World
from sandbox.world.shopify import LOCATION
from tests.systems.bench import Bench, Facts, Habits, SandboxDesk

HABITS = Habits(
    operations={
        "read": "^(customers|orders|productVariants|inventoryItems)$",
        "write": "Update$|Quantities$",
    },
    login="/oauth/access_token",
    collections={"products": "product_variants", "inventory_levels": "inventory_items"},
    touches={
        "customers": {"note": "called today"},
        "product_variants": {"title": "new title"},
        "inventory_items": {
            "inventoryLevels": [
                {
                    "id": f"{LOCATION}/level",
                    "location": {"id": LOCATION},
                    "quantities": [{"name": "available", "quantity": 4242, "updatedAt": "2026-11-01T00:00:00Z"}],
                }
            ]
        },
    },
)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("shopify", folder, {**world.shopify, "locations": [{"id": LOCATION, "name": "Warehouse"}]})
    server = start("shopify", folder)
    connection = Connection("shopify_default", server.url, "sandbox-client", "sandbox-secret")
    yield Bench(
        system("shopify"),
        connection,
        SandboxDesk(server, HABITS),
        lambda: ClientCredentials("/admin/oauth/access_token", header="X-Shopify-Access-Token"),
    )
    server.stop()


FACTS = Facts(
    open=open_bench,
    first="customers",
    good={
        "customers": {"city": "Potsdam", "street": "Am Kanal 1"},
        "products": {"price": "1234.56"},
        "inventory_levels": {"available_quantity": 777},
    },
    every={
        "customers": {
            "phone": "+493012345678",
            "company_name": "Nordlicht",
            "postal_code": "14467",
            "country_code": "CH",
        },
    },
    bad={
        "customers": {"phone": "call me never"},
        "products": {"price": "-17.25"},
        "inventory_levels": {"available_quantity": 1_999_999_999},
    },
    empty_at_first={("orders", "email"): "every order of the world has a customer, who has the address"},
    skips={
        "a_merge_is_seen": "of two customers made one, the shop tells that one is gone and the other has changed",
    },
)
