"""Good records of the carrier as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import RowFaults, Rows

_KNOWN = '[{"trackingNumberInfo": {"trackingNumber": "794912345678"}, "latestStatusDetail": {"code": "IT"}}]'

GOOD: Final[Rows] = {
    "tracking": {
        "tracking_number": "794912345678",
        "status_code": "DL",
        "shipped_at": '[{"type": "SHIP", "dateTime": "2026-10-30T09:00:00+01:00"}]',
        "delivered_at": '[{"type": "ACTUAL_DELIVERY", "dateTime": "2026-11-01T09:00:00+01:00"}]',
    },
    "references": {
        "reference": "#1001",
        "parcels": _KNOWN,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "tracking": {
        "the carrier refuses the tracking number": {"error_code": "TRACKING.TRACKINGNUMBER.NOTFOUND"},
        "tracking_number is no tracking number": {"tracking_number": "7949"},
        "nothing says where the parcel is": {"status_code": None},
        "status_code is no code of two letters": {"status_code": "Delivered"},
        "delivered_at lies before shipped_at": {
            "delivered_at": '[{"type": "ACTUAL_DELIVERY", "dateTime": "2026-10-01T09:00:00+01:00"}]'
        },
        "delivered_at lies in the future": {
            "delivered_at": '[{"type": "ACTUAL_DELIVERY", "dateTime": "2199-10-01T09:00:00+01:00"}]'
        },
    },
    "references": {
        "the carrier refuses the reference": {
            "parcels": '[{"trackingNumberInfo": {"trackingNumber": "794912345678"}, "error": {"code": "NO"}}]'
        },
        "a parcel has no number or no status": {
            "parcels": '[{"trackingNumberInfo": {"trackingNumber": "7949"}, "latestStatusDetail": {"code": "DL"}}]'
        },
    },
}
