"""Good records of the CRM as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import STAMP, Row, RowFaults, Rows

_CRM_ORDER: Final[Row] = {
    "source_id": "801Hs00000abcdeIAA",
    "order_status": "Draft",
    "currency_code": "EUR",
    "effective_date": "2026-11-01",
    "updated_at": STAMP,
}

GOOD: Final[Rows] = {
    "accounts": {
        "source_id": "001Hs00000abcdeIAA",
        "account_name": "Nordlicht GmbH",
        "account_type": "Business",
        "country_name": "united kingdom",
        "updated_at": STAMP,
    },
    "contacts": {
        "source_id": "003Hs00000abcdeIAA",
        "account_source_id": "001Hs00000abcdeIAA",
        "email": "ada@example.com",
        "phone": "0049 30 1234567",
        "updated_at": STAMP,
    },
    "orders": {**_CRM_ORDER, "total_amount": "19.8"},
    "wholesale_orders": {**_CRM_ORDER, "order_number": "700004", "wholesale_amount": "19.8"},
}

ROW_FAULTS: Final[RowFaults] = {
    "accounts": {
        "source_id is no account id": {"source_id": "003Hs00000abcdeIAA"},
        "account_name is empty or cut off": {"account_name": "x" * 256},
        "account_type is unknown": {"account_type": "Partner"},
        "country_name is no country we know": {"country_name": "Atlantis"},
    },
    "contacts": {
        "source_id is no contact id": {"source_id": "001Hs00000abcdeIAA"},
        "email is no e-mail address": {"email": "ada@example"},
        "phone is no phone number": {"phone": "12345"},
        "account_source_id is no account id": {"account_source_id": "x"},
    },
    "orders": {
        "source_id is no order id": {"source_id": "001Hs00000abcdeIAA"},
        "order_status is unknown": {"order_status": "Lost"},
        "total_amount is below 0": {"total_amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "effective_date lies in the future": {"effective_date": "2126-01-01"},
    },
    "wholesale_orders": {
        "source_id is no order id": {"source_id": "001Hs00000abcdeIAA"},
        "order_number is no number of the host": {"order_number": "PO-4"},
        "order_status is unknown": {"order_status": "Lost"},
        "wholesale_amount is below 0": {"wholesale_amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "effective_date lies in the future": {"effective_date": "2126-01-01"},
    },
}
