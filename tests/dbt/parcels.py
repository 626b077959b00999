"""The changes that a night should plan for the world's parcels, by order name."""

from collections import defaultdict

from sandbox.world import World
from sandbox.world.commerce import make_shipments
from sandbox.world.deliveries import UNTOLD_IN_SHOP, crm_says, is_untold, shop_says, word_for_crm, word_for_shop
from tests.dbt.desired import COLUMNS, Wanted

SHOP, CRM = "shopify__fulfillment_orders", "salesforce__orders"
PARCEL_COLUMNS = {SHOP: COLUMNS[SHOP], CRM: {"delivery_status": "delivery_status"}}
Fields = dict[str, object]


def planned(wanted: list[Wanted], table: str) -> dict[str, Fields]:
    """The fields of one table that would change."""
    found: dict[str, Fields] = defaultdict(dict)
    for item in wanted:
        if item.table == table:
            found[item.golden_id][item.column] = item.after
    return dict(found)


def due_in_shop(world: World) -> dict[str, Fields]:
    """The parcels that the shop does not know, and the statuses that are out of date there."""
    due: dict[str, Fields] = {}
    for shipment in make_shipments(world.settings):
        word = word_for_shop(world.settings, shipment)
        if is_untold(world.settings, shipment.order):
            parcel = {"carrier_name": "FedEx", "tracking_number": shipment.tracking_number}
            due[shipment.order.number] = {**parcel, "delivery_status": word}
        elif word not in (shop_says(world.settings, shipment), UNTOLD_IN_SHOP):
            due[shipment.order.number] = {"delivery_status": word}
    return due


def due_in_crm(world: World) -> dict[str, Fields]:
    """The statuses that are out of date in the CRM, for orders that it knows."""
    due: dict[str, Fields] = {}
    for shipment in make_shipments(world.settings):
        word = word_for_crm(world.settings, shipment)
        if shipment.order.in_crm and word not in (crm_says(world.settings, shipment.order), None):
            due[shipment.order.number] = {"delivery_status": word}
    return due
