"""Good records of what leaves the house, as the text that lands."""

from typing import Final

_FULFILLED = (
    '{"nodes": [{"id": "gid://shopify/Fulfillment/1", "status": "SUCCESS", '
    '"trackingInfo": [{"company": "FedEx", "number": "794912345678"}]}]}'
)
_KNOWN = '[{"trackingNumberInfo": {"trackingNumber": "794912345678"}, "latestStatusDetail": {"code": "IT"}}]'

PARCELS: Final[dict[str, dict[str, str | None]]] = {
    "shopify/fulfillment_orders": {
        "source_id": "gid://shopify/FulfillmentOrder/1",
        "order_source_id": "gid://shopify/Order/1",
        "order_name": "#1001",
        "fulfillment_order_status": "CLOSED",
        "fulfillment_source_id": _FULFILLED,
        "tracking_number": _FULFILLED,
        "updated_at": "2026-11-01T08:00:00Z",
    },
    "fedex/tracking": {
        "tracking_number": "794912345678",
        "status_code": "DL",
        "shipped_at": '[{"type": "SHIP", "dateTime": "2026-10-30T09:00:00+01:00"}]',
        "delivered_at": '[{"type": "ACTUAL_DELIVERY", "dateTime": "2026-11-01T09:00:00+01:00"}]',
    },
    "fedex/references": {
        "reference": "#1001",
        "parcels": _KNOWN,
    },
}
