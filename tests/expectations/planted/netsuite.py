"""Good records of the ledger as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import LATER, STAMP, RowFaults, Rows

GOOD: Final[Rows] = {
    "customers": {
        "source_id": "10001",
        "is_person": "F",
        "company_name": "Nordlicht GmbH",
        "email": "ada@example.com",
        "phone": "0049 30 1234567",
        "country_code": "DE",
        "concord_id": "CUS-1",
        "created_at": STAMP,
        "updated_at": STAMP,
    },
    "items": {
        "source_id": "501",
        "sku": "LAM-1",
        "item_type": "InvtPart",
        "base_price": "9.9",
        "is_inactive": "F",
        "created_at": STAMP,
        "updated_at": STAMP,
    },
    "inventory_levels": {
        "source_id": "501-1",
        "on_hand_quantity": "5",
        "available_quantity": "4",
    },
    "sales_orders": {
        "source_id": "2000001",
        "order_name": "#1001",
        "customer_source_id": "10001",
        "status_code": "B",
        "total_amount": "19.8",
        "currency_code": "EUR",
        "document_date": "2026-11-01",
        "created_at": STAMP,
        "updated_at": STAMP,
    },
    "invoices": {
        "source_id": "2000002",
        "customer_source_id": "10001",
        "status_code": "A",
        "total_amount": "19.8",
        "unpaid_amount": "19.8",
        "currency_code": "EUR",
        "document_date": "2026-11-01",
        "due_date": "2026-11-15",
        "created_at": STAMP,
        "updated_at": STAMP,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "customers": {
        "source_id is no internal id": {"source_id": "eid:CUS-1"},
        "email is no e-mail address": {"email": "n/a"},
        "phone is no phone number": {"phone": "call me"},
        "the customer has no name": {"company_name": " "},
        "country_code is no country code": {"country_code": "Germany"},
        "concord_id is no external id": {"concord_id": "CUS|1"},
        "created_at lies in the future": {"created_at": LATER},
    },
    "items": {
        "source_id is no internal id": {"source_id": "x"},
        "sku is blank": {"sku": " "},
        "item_type is unknown": {"item_type": "Inventory Item"},
        "base_price is below 0": {"base_price": "-0.01"},
        "created_at lies in the future": {"created_at": LATER},
    },
    "inventory_levels": {
        "source_id is no item at a location": {"source_id": "501"},
        "on_hand_quantity is out of all proportion": {"on_hand_quantity": "1e9"},
        "more is available than on hand": {"available_quantity": "6"},
    },
    "sales_orders": {
        "source_id is no internal id": {"source_id": "x"},
        "customer_source_id is no internal id": {"customer_source_id": "Nordlicht GmbH"},
        "total_amount is below 0": {"total_amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "Euro"},
        "status_code is unknown": {"status_code": "Billed"},
        "order_name is no order number": {"order_name": "as agreed by phone"},
        "created_at lies in the future": {"created_at": LATER},
    },
    "invoices": {
        "source_id is no internal id": {"source_id": "x"},
        "customer_source_id is no internal id": {"customer_source_id": "Nordlicht GmbH"},
        "total_amount is below 0": {"total_amount": "-1", "unpaid_amount": None},
        "currency_code is no currency we trade in": {"currency_code": "Euro"},
        "status_code is unknown": {"status_code": "Open"},
        "more is unpaid than was billed": {"unpaid_amount": "19.9"},
        "due_date lies before document_date": {"due_date": "2026-10-11"},
        "created_at lies in the future": {"created_at": LATER},
    },
}
