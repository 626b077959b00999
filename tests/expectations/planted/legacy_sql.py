"""Good records of the old shop as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import STAMP, RowFaults, Rows

GOOD: Final[Rows] = {
    "customers": {
        "source_id": "0000104711",
        "customer_type": "P",
        "email": "ADA@EXAMPLE.COM",
        "phone_digits": "49301234567",
        "country_code": "DE",
        "loyalty_points": "120",
        "loyalty_level": "S",
        "version": "3",
        "is_deleted": "",
        "changed_at": STAMP,
    },
    "inbox": {
        "source_id": "WEB-00000001",
        "message_entity": "CUSTOMER",
        "entity_key": "0000104711",
        "message_status": "E",
        "error_code": "E104",
        "changed_at": STAMP,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "customers": {
        "source_id is no customer number": {"source_id": "104711"},
        "customer_type is neither business nor person": {"customer_type": "X"},
        "email is no e-mail address": {"email": "NONE"},
        "phone_digits is no phone number with country code": {"phone_digits": "4711"},
        "country_code is no country code": {"country_code": "D"},
        "loyalty_points are below 0": {"loyalty_points": "-1"},
        "loyalty_level is unknown": {"loyalty_level": "P"},
    },
    "inbox": {
        "message_status is unknown": {"message_status": "X"},
        "a refused message does not say why": {"error_code": ""},
    },
}
