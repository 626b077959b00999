"""Good records of the wholesale host as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import STAMP, RowFaults, Rows

_DEFECTS = '[{"record": "O", "column": "ORDTOT", "bytes": "0000404040"}]'

GOOD: Final[Rows] = {
    "customers": {
        "customer_number": "10015",
        "country_code": "DE",
        "credit_limit": "18000.00",
    },
    "orders": {
        "order_number": "700004",
        "customer_number": "10015",
        "ordered_on": "2026-11-01",
        "order_status": "N",
        "currency_code": "EUR",
        "total_amount": "19.80",
        "lines": '[{"ITEMNO": "LAM-1", "QTY": "2.00", "UNTPRC": "9.9000", "LINAMT": "19.80"}]',
        "run_number": "7",
        "run_at": STAMP,
    },
    "order_requests": {
        "reference": "REQ-000001",
        "customer_number": "10015",
        "ordered_on": "2026-11-01",
        "currency_code": "EUR",
        "total_amount": "19.80",
        "lines": '[{"ITEMNO": "LAM-1", "QTY": "2.00", "UNTPRC": "9.9000"}]',
        "run_number": "7",
        "run_at": STAMP,
    },
    "acknowledgements": {
        "order_number": "700004",
        "acknowledgement_status": "RJ",
        "reason": "article not listed",
        "run_number": "7",
        "run_at": STAMP,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "customers": {
        "customer_number is no customer number": {"customer_number": "P10015"},
        "country_code is no country code": {"country_code": "Germany"},
        "credit_limit is below 0": {"credit_limit": "-1"},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
    "orders": {
        "order_number is no order number": {"order_number": "0"},
        "customer_number is no customer number": {"customer_number": "P10015"},
        "order_status is unknown": {"order_status": "X"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "total_amount is below 0": {"total_amount": "-5", "lines": '[{"QTY": "1", "LINAMT": "-5"}]'},
        "a line has no quantity above 0": {"lines": '[{"QTY": "0.00", "LINAMT": "19.80"}]'},
        "total_amount is not the sum of its lines": {"total_amount": "19.81"},
        "ordered_on lies in the future": {"ordered_on": "2099-01-01"},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
    "order_requests": {
        "reference is no reference of ours": {"reference": "a b"},
        "customer_number is no customer number": {"customer_number": "P10015"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "total_amount is below 0": {"total_amount": "-5"},
        "a line has no quantity above 0": {"lines": '[{"QTY": null}]'},
        "ordered_on lies in the future": {"ordered_on": "2099-01-01"},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
    "acknowledgements": {
        "order_number is no order number": {"order_number": "REQ-1"},
        "acknowledgement_status is unknown": {"acknowledgement_status": "OK"},
        "a refusal gives no reason": {"reason": None},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
}
