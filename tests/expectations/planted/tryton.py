"""Good records of the ERP as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import RowFaults, Rows, TableFaults

_SERVER_STAMP = "1793520000.12345"

GOOD: Final[Rows] = {
    "parties": {
        "source_id": "7",
        "party_name": "Ada Lovelace",
        "party_code": "P10001",
        "changed_at": _SERVER_STAMP,
    },
    "addresses": {
        "source_id": "7",
        "party_source_id": "7",
        "postal_code": "10115",
        "country_code": "DE",
        "changed_at": _SERVER_STAMP,
    },
    "contact_mechanisms": {
        "source_id": "7",
        "party_source_id": "7",
        "mechanism_type": "email",
        "mechanism_value": "ada@example.com",
        "changed_at": _SERVER_STAMP,
    },
    "products": {
        "source_id": "7",
        "sku": "LAM-1",
        "list_price": "9.90",
        "changed_at": _SERVER_STAMP,
    },
    "stock_levels": {"source_id": "7", "sku": "LAM-1", "on_hand_quantity": "5.0"},
    "sales": {
        "source_id": "7",
        "sale_state": "processing",
        "total_amount": "19.80",
        "currency_code": "EUR",
        "lines": '[{"product": 1, "quantity": 2.0}]',
        "changed_at": _SERVER_STAMP,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "parties": {
        "source_id is no number": {"source_id": "x"},
        "party_code is blank": {"party_code": " "},
        "party_name is out of all proportion": {"party_name": "x" * 2000},
    },
    "addresses": {
        "party_source_id is no number": {"party_source_id": "x"},
        "country_code is no country code": {"country_code": "DEU"},
        "postal_code is out of all proportion": {"postal_code": "9" * 21},
    },
    "contact_mechanisms": {
        "mechanism_type is unknown": {"mechanism_type": "pigeon"},
        "the e-mail address is none": {"mechanism_value": "ada at example.com"},
        "the phone number is none": {"mechanism_type": "mobile", "mechanism_value": "n/a"},
    },
    "products": {
        "sku is blank": {"sku": " "},
        "list_price is below 0": {"list_price": "-1"},
    },
    "stock_levels": {
        "on_hand_quantity is out of all proportion": {"on_hand_quantity": "1e9"},
    },
    "sales": {
        "sale_state is unknown": {"sale_state": "lost"},
        "total_amount is out of all proportion": {"total_amount": "1e12"},
        "currency_code is no currency we trade in": {"currency_code": "ZZZ"},
        "a sale line has no quantity": {"lines": '[{"quantity": 0}]'},
    },
}

TABLE_FAULTS: Final[TableFaults] = {
    "products": {"no product has a price": (20, {"list_price": None})},
    "stock_levels": {"nothing at all is in stock": (20, {"on_hand_quantity": "0"})},
}
