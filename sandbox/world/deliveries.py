"""How far the shop and the CRM say that a parcel got: most have heard, some are behind, some never heard."""

from zoneinfo import ZoneInfo

from sandbox.world import slots
from sandbox.world.commerce import Shipment, break_of, shipment_of
from sandbox.world.customers import Customer, make_customer
from sandbox.world.draw import Settings
from sandbox.world.orders import Order, order_slot

UNTOLD_IN_SHOP = "FULFILLED"
_ZONES = {"GB": "Europe/London", "US": "America/New_York"}
_SHOP_WORDS = {
    "picked_up": "IN_TRANSIT",
    "in_transit": "IN_TRANSIT",
    "out_for_delivery": "OUT_FOR_DELIVERY",
    "exception": "ATTEMPTED_DELIVERY",
    "delivered": "DELIVERED",
}
_CRM_WORDS = {
    "picked_up": "In transit",
    "in_transit": "In transit",
    "out_for_delivery": "Out for delivery",
    "exception": "Exception",
    "delivered": "Delivered",
}


def zone_of(customer: Customer) -> ZoneInfo:
    """The clock by which the courier scans at this customer's door."""
    return ZoneInfo(_ZONES.get(customer.country_code, "Europe/Berlin"))


def is_untold(settings: Settings, order: Order) -> bool:
    """Whether the carrier has a parcel for the order of which the shop knows nothing."""
    return break_of(settings, order) == "shipment_untold"


def word_for_shop(settings: Settings, shipment: Shipment) -> str:
    """What the shop should say; of a parcel that was never scanned there is nothing to say."""
    return _SHOP_WORDS[shipment.status] if shipment.is_known(settings) else UNTOLD_IN_SHOP


def word_for_crm(settings: Settings, shipment: Shipment) -> str | None:
    """What the CRM should say: with the day, once it has arrived."""
    if not shipment.is_known(settings):
        return None
    word = _CRM_WORDS[shipment.status]
    if shipment.status != "delivered":
        return word
    customer = make_customer(settings, shipment.order.customer_index)
    return f"{word} {shipment.status_at.astimezone(zone_of(customer)).date().isoformat()}"


def shop_says(settings: Settings, shipment: Shipment) -> str:
    """What the shop does say; where it is behind, of a parcel that arrived that it is on its way."""
    word = word_for_shop(settings, shipment)
    if order_slot(settings, shipment.order.index) not in slots.DELIVERY_STALE_IN_SHOP:
        return word
    return "IN_TRANSIT" if word == "DELIVERED" else UNTOLD_IN_SHOP


def crm_says(settings: Settings, order: Order) -> str | None:
    """What the CRM does say; it never hears of a parcel that the shop does not know."""
    shipment = shipment_of(settings, order)
    slot = order_slot(settings, order.index)
    if shipment is None or is_untold(settings, order) or slot in slots.DELIVERY_UNTOLD_IN_CRM:
        return None
    word = word_for_crm(settings, shipment)
    if word is None or slot not in slots.DELIVERY_STALE_IN_CRM:
        return word
    return "In transit" if shipment.status == "delivered" else None
