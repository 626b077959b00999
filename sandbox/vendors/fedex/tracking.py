"""Track by number: thirty at most, a result or an error for each, and 200 whatever they are."""

from datetime import date, datetime
from typing import Any

from sandbox.store import Record, Store, decode

LARGEST = 30
_NOT_FOUND = {
    "code": "TRACKING.TRACKINGNUMBER.NOTFOUND",
    "message": "Tracking number cannot be found. Please correct the tracking number and try again.",
}
_EMPTY = {"code": "TRACKING.TRACKINGNUMBER.EMPTY", "message": "Please provide tracking number."}
_TOO_MANY = {"code": "TRACKING.TRACKINGINFO.MAXIMUM", "message": f"At most {LARGEST} tracking numbers a request."}
_INVALID = {"code": "INVALID.INPUT.EXCEPTION", "message": "Invalid field value in the input."}
_COLLECTIONS = ("tracking", "earlier_tracking")


class FedExError(Exception):
    """A refusal of the whole call."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message

    def body(self) -> dict[str, Any]:
        """As FedEx words it."""
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


def numbers_in(body: bytes) -> list[str]:
    """The numbers of a call, whatever else is wrong with it."""
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
    """All parcels that ever had the number, ours first."""
    found = (store.get_by_key(name, key) for name in _COLLECTIONS for key in store.find(name, "number", number))
    return [record for record in found if record is not None]


def _fits(result: Record, info: dict[str, Any]) -> bool:
    wanted = info["trackingNumberInfo"].get("trackingNumberUniqueId")
    if wanted:
        return bool(result["trackingNumberInfo"].get("trackingNumberUniqueId") == wanted)
    shipped = next((item["dateTime"] for item in result["dateAndTimes"] if item["type"] == "SHIP"), None)
    first, last = info.get("shipDateBegin"), info.get("shipDateEnd")
    if shipped is None or not (first and last):
        return True
    return date.fromisoformat(first) <= datetime.fromisoformat(shipped).date() <= date.fromisoformat(last)
