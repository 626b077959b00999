"""The shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from concord.contract import Field
from concord.protocols.values import Record
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.shopify.world import LOCATION
from sandbox.world import World

HABITS = Habits(
    text_type="String",
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
    extra = {"file_hosts": "localhost"}
    connection = Connection("shopify_default", server.url, "sandbox-client", "sandbox-secret", extra)
    yield Bench(
        system("shopify"),
        connection,
        SandboxDesk(server, HABITS),
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


def is_over(record: Record) -> bool:
    """Whether nothing of it can be shipped any more: it is cancelled, or its parcel was taken back."""
    nodes = (record.get("fulfillments") or {}).get("nodes") or ()
    is_shipped = any(node["status"] == "SUCCESS" for node in nodes)
    return record.get("status") == "CANCELLED" or (record.get("status") == "CLOSED" and not is_shipped)


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
    unfit=is_over,
    read_value=read_value,
    empty_at_first={("orders", "email"): "every order of the world has a customer, who has the address"},
    unnamed={
        "customers": {
            "note": "only mornings",
            "tags": ["gold", "retail"],
            "taxExempt": True,
            "locale": "de",
            "defaultAddress.address2": "Hinterhaus",
            "defaultAddress.firstName": "Erika",
            "defaultAddress.lastName": "Nordlicht",
            "defaultAddress.phone": "+4930111",
            "otherAddresses": [{"id": "gid://shopify/MailingAddress/1", "city": "Ulm", "provinceCode": "BW"}],
        },
        "products": {"barcode": "4006381333931", "compareAtPrice": "1300.00", "taxable": False},
        "inventory_levels": {"harmonizedSystemCode": "940520", "countryCodeOfOrigin": "DE", "tracked": True},
        "fulfillment_orders": {"requestStatus": "UNSUBMITTED", "fulfillAt": "2026-11-05T00:00:00Z"},
    },
    moves=frozenset({"updatedAt", "status", "fulfillments"}),
    whole_lists={
        ("orders", "lines"): "the first part says whether more follow, and the reader asks for them",
        ("orders", "refunds"): "it is a list and no connection, which the shop gives whole",
        ("orders", "fulfillments"): "it is a list; the lines inside say whether more follow, and are asked for",
    },
    in_bulk={"orders": "lines", "customers": "lines"},
    skips={
        "a_merge_is_seen": "of two customers made one, the shop tells that one is gone and the other has changed",
    },
)
