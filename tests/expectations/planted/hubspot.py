"""Good records of HubSpot as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import STAMP, RowFaults, Rows

GOOD: Final[Rows] = {
    "contacts": {
        "source_id": "120000000001",
        "email": "ada@example.com",
        "phone": "0049 30 1234567",
        "country_name": "Germany",
        "merged_source_ids": "120000000002;120000000003",
        "is_archived": "true",
        "archived_at": STAMP,
        "updated_at": STAMP,
    },
    "companies": {
        "source_id": "210000000001",
        "company_name": "Nordlicht GmbH",
        "phone": "+49 30 1234567",
        "country_name": "CH",
        "merged_source_ids": "210000000002",
        "is_archived": "false",
        "updated_at": STAMP,
    },
    "deals": {
        "source_id": "310000000001",
        "deal_stage": "processed",
        "amount": "19.8",
        "currency_code": "EUR",
        "is_archived": "false",
        "updated_at": STAMP,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "contacts": {
        "source_id is no number": {"source_id": "x"},
        "email is no e-mail address": {"email": "ada@example"},
        "phone is no phone number": {"phone": "12345"},
        "country_name is no country we know": {"country_name": "Atlantis"},
        "merged_source_ids is no list of ids": {"merged_source_ids": "120000000002,120000000003"},
        "an archived record does not say since when": {"archived_at": None},
    },
    "companies": {
        "source_id is no number": {"source_id": "x"},
        "company_name is empty or out of all proportion": {"company_name": "x" * 256},
        "phone is no phone number": {"phone": "call us"},
        "country_name is no country we know": {"country_name": "Atlantis"},
        "merged_source_ids is no list of ids": {"merged_source_ids": "none"},
        "an archived record does not say since when": {"is_archived": "true"},
    },
    "deals": {
        "source_id is no number": {"source_id": "x"},
        "deal_stage is unknown": {"deal_stage": "closedwon"},
        "amount is below 0": {"amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "an archived record does not say since when": {"is_archived": "true"},
    },
}
