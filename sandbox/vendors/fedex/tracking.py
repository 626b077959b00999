"""Tracks up to thirty numbers, or a reference: a result or an error for each; the status is 200 for both."""

from datetime import date, datetime
from typing import Any

from sandbox.server.records import Record, decode
from sandbox.server.store import Store

LARGEST = 30
ACCOUNT = "740561073"
_NOT_FOUND = {
    "code": "TRACKING.TRACKINGNUMBER.NOTFOUND",
    "message": "Tracking number cannot be found. Please correct the tracking number and try again.",
}
_REFERENCE_NOT_FOUND = {
    "code": "TRACKING.REFERENCENUMBER.NOTFOUND",
    "message": "Reference number cannot be found. Please correct the reference number and try again.",
}
_EMPTY = {"code": "TRACKING.TRACKINGNUMBER.EMPTY", "message": "Please provide tracking number."}
_TOO_MANY = {"code": "TRACKING.TRACKINGINFO.MAXIMUM", "message": f"At most {LARGEST} tracking numbers a request."}
_INVALID = {"code": "INVALID.INPUT.EXCEPTION", "message": "Invalid field value in the input."}
_COLLECTIONS = ("tracking", "earlier_tracking")


class FedExError(Exception):
    """The whole call is refused."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message

    def body(self) -> dict[str, Any]:
        """The error as the body of a response."""
        return {"transactionId": "sandbox", "errors": [{"code": self.code, "message": self.message}]}


def track(store: Store, body: bytes) -> dict[str, Any]:
    """The output of one call."""
    asked = _asked(body)
    results = [_complete(store, info) for info in asked]
    output: dict[str, Any] = {"completeTrackResults": results}
    if any("error" in result for complete in results for result in complete["trackResults"]):
        alert = {"code": "TRACKING.DATA.NOTFOUND", "alertType": "WARNING", "message": "Tracking data unavailable"}
        output["alerts"] = [alert]
    return output


def track_reference(store: Store, body: bytes) -> dict[str, Any]:
    """The output of one call for all parcels with a reference of the account."""
    asked = _reference_in(body)
    value = str(asked["value"])
    keys = [(name, key) for name in _COLLECTIONS for key in store.find(name, "reference", value)]
    found = [record for name, key in keys if (record := store.get_by_key(name, key)) is not None]
    fitting = [record for record in found if _lies_between(record["result"], asked)]
    complete = [
        {"trackingNumber": record["trackingNumber"], "trackResults": [record["result"]]} for record in fitting
    ]
    if complete:
        return {"completeTrackResults": complete}
    missing = {"trackingNumberInfo": {"trackingNumber": ""}, "error": _REFERENCE_NOT_FOUND}
    return {"completeTrackResults": [{"trackingNumber": "", "trackResults": [missing]}]}


def _reference_in(body: bytes) -> dict[str, Any]:
    """The reference of a body, which needs the days of the shipment and the account number or destination."""
    try:
        asked: dict[str, Any] = decode(body)["referencesInformation"]
        is_placed = bool(asked.get("destinationCountryCode") and asked.get("destinationPostalCode"))
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise FedExError(400, _INVALID["code"], _INVALID["message"]) from wrong
    if not asked.get("value"):
        raise FedExError(400, "TRACKING.REFERENCEVALUE.EMPTY", "Please provide a valid reference value.")
    if not (asked.get("accountNumber") or is_placed):
        message = "Please provide either the account number, or the destination country and postal code."
        raise FedExError(400, "TRACKING.REFERENCEACCOUNT.EMPTY", message)
    if asked.get("accountNumber", ACCOUNT) != ACCOUNT:
        raise FedExError(403, "FORBIDDEN.ERROR", "The account number does not belong to this project.")
    return asked


def reference_of(record: Record) -> str | None:
    """The shipper's reference of a parcel."""
    identifiers = (record["result"].get("additionalTrackingInfo") or {}).get("packageIdentifiers") or []
    values = [item["values"] for item in identifiers if item["type"] == "CUSTOMER_REFERENCE"]
    return str(values[0][0]) if values else None


def references_in(body: bytes) -> list[str]:
    """The reference of a call, also of an invalid one."""
    try:
        return [str(decode(body)["referencesInformation"]["value"])]
    except (ValueError, KeyError, TypeError):
        return []


def numbers_in(body: bytes) -> list[str]:
    """The tracking numbers of a call, also of an invalid one."""
    try:
        return [str(info["trackingNumberInfo"]["trackingNumber"]) for info in _asked(body)]
    except (FedExError, KeyError, TypeError):
        return []


def _asked(body: bytes) -> list[dict[str, Any]]:
    try:
        asked = decode(body)["trackingInfo"]
        numbers = [info["trackingNumberInfo"]["trackingNumber"] for info in asked]
    except (ValueError, KeyError, TypeError) as wrong:
        raise FedExError(400, _INVALID["code"], _INVALID["message"]) from wrong
    if not numbers or not all(numbers):
        raise FedExError(400, _EMPTY["code"], _EMPTY["message"])
    if len(numbers) > LARGEST:
        raise FedExError(400, _TOO_MANY["code"], _TOO_MANY["message"])
    return list(asked)


def _complete(store: Store, info: dict[str, Any]) -> dict[str, Any]:
    number = str(info["trackingNumberInfo"]["trackingNumber"])
    found = [record["result"] for record in _parcels(store, number) if _fits(record["result"], info)]
    missing = {"trackingNumberInfo": {"trackingNumber": number}, "error": _NOT_FOUND}
    return {"trackingNumber": number, "trackResults": found or [missing]}


def _parcels(store: Store, number: str) -> list[Record]:
    """All parcels that had the number at any time, ours first."""
    found = (store.get_by_key(name, key) for name in _COLLECTIONS for key in store.find(name, "number", number))
    return [record for record in found if record is not None]


def _fits(result: Record, info: dict[str, Any]) -> bool:
    wanted = info["trackingNumberInfo"].get("trackingNumberUniqueId")
    if wanted:
        return bool(result["trackingNumberInfo"].get("trackingNumberUniqueId") == wanted)
    return _lies_between(result, info)


def _lies_between(result: Record, info: dict[str, Any]) -> bool:
    """Whether a parcel was shipped in the days of the call; True for a call without days."""
    shipped = next((item["dateTime"] for item in result["dateAndTimes"] if item["type"] == "SHIP"), None)
    first, last = info.get("shipDateBegin"), info.get("shipDateEnd")
    if shipped is None or not (first and last):
        return True
    return date.fromisoformat(first) <= datetime.fromisoformat(shipped).date() <= date.fromisoformat(last)
