"""The records that FedEx has of the world: track results, and earlier parcels that had the same numbers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.world.commerce import Shipment, make_shipments
from sandbox.world.customers import Customer, make_customer
from sandbox.world.deliveries import zone_of
from sandbox.world.draw import Settings, random_for

_CODES = {
    "picked_up": ("PU", "Picked up"),
    "in_transit": ("IT", "In transit"),
    "out_for_delivery": ("OD", "On FedEx vehicle for delivery"),
    "exception": ("DE", "Delivery exception"),
    "delivered": ("DL", "Delivered"),
}
_ORIGIN = ZoneInfo("Europe/Berlin")
_REUSED_SHARE = 0.05
_EARLIER = timedelta(days=45)
Record = dict[str, Any]


def unique_id(number: str, shipped_at: datetime) -> str:
    """The id that distinguishes a parcel from others with the same number."""
    return f"{int(shipped_at.timestamp()) // 86_400}~{number}~FDEG"


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")


def _scan(kind: tuple[str, str], at: str, place: Record) -> Record:
    code, text = kind
    return {
        "date": at,
        "eventType": code,
        "eventDescription": text,
        "derivedStatusCode": code,
        "scanLocation": place,
    }


def _scans(shipment: Shipment, customer: Customer, last: str) -> list[Record]:
    """The scans of a parcel, the newest first."""
    here = {"city": "BERLIN", "countryCode": "DE"}
    there = {"city": customer.city.upper(), "countryCode": customer.country_code}
    first = _scan(_CODES["picked_up"], _local(shipment.shipped_at, _ORIGIN), here)
    if shipment.status == "picked_up":
        return [first]
    return [_scan(_CODES[shipment.status], last, there), first]


def _track_result(shipment: Shipment, customer: Customer) -> Record:
    zone = zone_of(customer)
    code, text = _CODES[shipment.status]
    last = _local(shipment.status_at, zone)
    expected = shipment.shipped_at + timedelta(days=2)
    estimate = f"{expected.date().isoformat()}T00:00:00" if shipment.order.index % 2 else _local(expected, zone)
    dates = [
        {"type": "SHIP", "dateTime": _local(shipment.shipped_at, _ORIGIN)},
        {"type": "ESTIMATED_DELIVERY", "dateTime": estimate},
    ]
    if shipment.status == "delivered":
        dates.insert(0, {"type": "ACTUAL_DELIVERY", "dateTime": last})
    details = [{"reason": "08", "reasonDescription": "Recipient not in", "action": "No action is required."}]
    return {
        "trackingNumberInfo": {
            "trackingNumber": shipment.tracking_number,
            "carrierCode": "FDXG",
            "trackingNumberUniqueId": unique_id(shipment.tracking_number, shipment.shipped_at),
        },
        "latestStatusDetail": {
            "code": code,
            "derivedCode": code,
            "statusByLocale": text,
            "description": text,
            "ancillaryDetails": details if shipment.status == "exception" else [],
        },
        "dateAndTimes": dates,
        "scanEvents": _scans(shipment, customer, last),
        "deliveryDetails": {"deliveryAttempts": "1" if shipment.status == "exception" else "0"},
        "packageDetails": {"count": "1"},
        "serviceDetail": {"type": "FEDEX_GROUND", "description": "FedEx Ground"},
        "additionalTrackingInfo": {
            "packageIdentifiers": [{"type": "CUSTOMER_REFERENCE", "values": [shipment.order.number]}]
        },
    }


def _record(shipment: Shipment, result: Record) -> Record:
    stamp = shipment.status_at.astimezone(UTC).isoformat()
    return {"trackingNumber": shipment.tracking_number, "updated": stamp, "result": result}


def tracking(settings: Settings) -> Iterator[Record]:
    """Every parcel that was scanned."""
    for shipment in make_shipments(settings):
        if shipment.is_known(settings):
            customer = make_customer(settings, shipment.order.customer_index)
            yield _record(shipment, _track_result(shipment, customer))


def earlier_tracking(settings: Settings) -> Iterator[Record]:
    """Parcels of other people that had one of our numbers before us, delivered long ago."""
    for shipment in make_shipments(settings):
        is_reused = random_for(settings, "fedex-reused", shipment.order.index).random() < _REUSED_SHARE
        shipped_at = shipment.shipped_at - _EARLIER
        if not is_reused or shipped_at < settings.begins_at:
            continue
        delivered = _local(shipped_at + timedelta(days=2), _ORIGIN)
        code, text = _CODES["delivered"]
        moved = (shipped_at + timedelta(days=2)).isoformat()
        result = {
            "trackingNumberInfo": {
                "trackingNumber": shipment.tracking_number,
                "carrierCode": "FDXG",
                "trackingNumberUniqueId": unique_id(shipment.tracking_number, shipped_at),
            },
            "latestStatusDetail": {"code": code, "derivedCode": code, "statusByLocale": text, "description": text},
            "dateAndTimes": [
                {"type": "ACTUAL_DELIVERY", "dateTime": delivered},
                {"type": "SHIP", "dateTime": _local(shipped_at, _ORIGIN)},
            ],
            "scanEvents": [_scan((code, text), delivered, {"city": "HAMBURG", "countryCode": "DE"})],
        }
        yield {"trackingNumber": shipment.tracking_number, "updated": moved, "result": result}


RESOURCES = {"tracking": tracking, "earlier_tracking": earlier_tracking}
