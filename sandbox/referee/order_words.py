"""The words by which each system says how far an order is, as the referee reads the vendors' documents."""

from collections.abc import Mapping

from sandbox.referee.control_desk import Record

_SALE = {
    "draft": "Draft",
    "quotation": "Draft",
    "confirmed": "Activated",
    "processing": "Activated",
    "done": "Completed",
    "cancelled": "Cancelled",
}
_SALES_ORDER = {"A": "Draft", "B": "Activated", "C": "Cancelled", "D": "Activated", "E": "Activated"}
_DEAL = {
    "checkout_pending": "Draft",
    "checkout_completed": "Draft",
    "processed": "Activated",
    "shipped": "Completed",
    "cancelled": "Cancelled",
}
ORDER_WORDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("tryton", "sales"): _SALE,
    ("netsuite", "sales_orders"): {**_SALES_ORDER, "F": "Completed", "G": "Completed"},
    ("sap", "A_SalesOrder"): {"A": "Draft", "B": "Activated", "C": "Completed"},
    ("salesforce", "orders"): {name: name for name in ("Draft", "Activated", "Completed", "Cancelled")},
    ("hubspot", "deals"): _DEAL,
}
# Our status of an order that is created in a system tonight.
FIRST_STATUS = {"tryton": "Activated", "netsuite": "Activated", "sap": "Draft"}
UNTOLD = "Draft"  # an order of which no system in use says how far it is
# Statuses for which a system has one word together with another status, so that a more exact system decides.
VAGUE_STATUSES = frozenset({("sap", "Draft"), ("netsuite", "Activated")})
# The stage of a deal for each status.
STAGE_WORDS = {
    "Draft": "checkout_completed",
    "Activated": "processed",
    "Completed": "shipped",
    "Cancelled": "cancelled",
}


def read_status(system: str, record: Record) -> tuple[str, str]:
    """The number of an order, by which every system names it, and its status in the system's word."""
    match system:
        case "tryton":
            return str(record["reference"]), str(record["state"])
        case "netsuite":
            return str(record["otherRefNum"]), str(record["status"]["id"])
        case "sap":
            return str(record["PurchaseOrderByCustomer"]), str(record["OverallSDProcessStatus"])
        case "salesforce":
            return str(record["Shop_Order__c"]), str(record["Status"])
        case _:
            properties = record["properties"]
            return str(properties["shop_order_name"]), str(properties["dealstage"])
