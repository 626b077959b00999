"""The delivery status in the shop and the CRM: right for most parcels, outdated or missing for some."""

from zoneinfo import ZoneInfo

from sandbox.world import slots
from sandbox.world.commerce import Shipment, break_of, shipment_of
from sandbox.world.customers import Customer, make_customer
from sandbox.world.draw import Settings
from sandbox.world.orders import Order, order_slot

CARRIER_NAME = "FedEx"
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
    """The time zone of the scans at the customer's address."""
    return ZoneInfo(_ZONES.get(customer.country_code, "Europe/Berlin"))


def is_untold(settings: Settings, order: Order) -> bool:
    """Whether the carrier has a parcel for the order that the shop does not know."""
    return break_of(settings, order) == "shipment_untold"


def word_for_shop(settings: Settings, shipment: Shipment) -> str:
    """The right delivery status in the shop; None for a parcel that was not scanned."""
    return _SHOP_WORDS[shipment.status] if shipment.is_known(settings) else UNTOLD_IN_SHOP


def word_for_crm(settings: Settings, shipment: Shipment) -> str | None:
    """The right delivery status in the CRM, with the day once the parcel has arrived."""
    if not shipment.is_known(settings):
        return None
    word = _CRM_WORDS[shipment.status]
    if shipment.status != "delivered":
        return word
    customer = make_customer(settings, shipment.order.customer_index)
    return f"{word} {shipment.status_at.astimezone(zone_of(customer)).date().isoformat()}"


def shop_says(settings: Settings, shipment: Shipment) -> str:
    """The delivery status that the shop has; an outdated one is that of a parcel on its way."""
    word = word_for_shop(settings, shipment)
    if order_slot(settings, shipment.order.index) not in slots.DELIVERY_STALE_IN_SHOP:
        return word
    return "IN_TRANSIT" if word == "DELIVERED" else UNTOLD_IN_SHOP


def crm_says(settings: Settings, order: Order) -> str | None:
    """The delivery status that the CRM has; None for a parcel that the shop does not know."""
    shipment = shipment_of(settings, order)
    slot = order_slot(settings, order.index)
    if shipment is None or is_untold(settings, order) or slot in slots.DELIVERY_UNTOLD_IN_CRM:
        return None
    word = word_for_crm(settings, shipment)
    if word is None or slot not in slots.DELIVERY_STALE_IN_CRM:
        return word
    return "In transit" if shipment.status == "delivered" else None
