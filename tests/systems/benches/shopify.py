"""The shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from concord.fields import Field
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
        "read": "^(customers|orders|productVariants|inventoryItems|fulfillmentOrders)$",
        "write": "Update$|Quantities$|^fulfillment.*(Create|Cancel)$",
    },
    login="/oauth/access_token",
    collections={"products": "product_variants", "inventory_levels": "inventory_items"},
    touches={
        "customers": {"note": "called today"},
        "product_variants": {"title": "new title"},
        "fulfillment_orders": {"note": "packed with care"},
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


def read_value(field: Field, value: Any) -> object:
    """A list of one quantity is that quantity; of the fulfillments the one that holds counts."""
    if field.path == "fulfillments" and value is not None:
        live = next((node for node in value["nodes"] if node["status"] == "SUCCESS"), None)
        parcel = next(iter(live["trackingInfo"]), {}) if live else {}
        said = {"carrier_name": parcel.get("company"), "tracking_number": parcel.get("number")}
        return said.get(field.name, live and live["displayStatus"])
    return value[0]["quantity"] if isinstance(value, list) else value


FACTS = Facts(
    open=open_bench,
    first="customers",
    good={
        "customers": {"city": "Potsdam", "street": "Am Kanal 1"},
        "products": {"price": "1234.56"},
        "inventory_levels": {"available_quantity": 777},
        "fulfillment_orders": {"carrier_name": "FedEx", "tracking_number": "794911112222"},
    },
    every={
        "customers": {
            "phone": "+493012345678",
            "company_name": "Nordlicht",
            "postal_code": "14467",
            "country_code": "CH",
        },
        "fulfillment_orders": {"delivery_status": "OUT_FOR_DELIVERY"},
    },
    bad={
        "customers": {"phone": "call me never"},
        "products": {"price": "-17.25"},
        "inventory_levels": {"available_quantity": 1_999_999_999},
        "fulfillment_orders": {"carrier_name": "FedEx", "tracking_number": "7949" * 80},
    },
    unfit=lambda record: record.get("status") == "CANCELLED",
    read_value=read_value,
    empty_at_first={("orders", "email"): "every order of the world has a customer, who has the address"},
    skips={
        "a_merge_is_seen": "of two customers made one, the shop tells that one is gone and the other has changed",
    },
)
