"""Good records of the payment provider as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import RowFaults, Rows

_SECOND = "1793520000"
_FAR_SECOND = "4922524800"

GOOD: Final[Rows] = {
    "customers": {
        "source_id": "cus_1a2B",
        "email": "Ada@example.com",
        "phone": "(030) 123-4567",
        "country_code": "DE",
        "created_at": _SECOND,
        "changed_at": _SECOND,
    },
    "charges": {
        "source_id": "ch_1a2B",
        "customer_source_id": "cus_1a2B",
        "minor_amount": "1980",
        "minor_refunded_amount": "500",
        "currency_code": "eur",
        "charge_status": "succeeded",
        "created_at": _SECOND,
        "changed_at": _SECOND,
    },
    "refunds": {
        "source_id": "re_1a2B",
        "charge_source_id": "ch_1a2B",
        "minor_amount": "500",
        "currency_code": "eur",
        "refund_status": "succeeded",
        "created_at": _SECOND,
        "changed_at": _SECOND,
    },
    "payouts": {
        "source_id": "po_1a2B",
        "minor_amount": "1452",
        "currency_code": "eur",
        "payout_status": "paid",
        "arrival_date": _SECOND,
        "created_at": _SECOND,
        "changed_at": _SECOND,
    },
    "balance_transactions": {
        "source_id": "txn_1a2B",
        "payout_source_id": "po_1a2B",
        "minor_amount": "1980",
        "minor_fee_amount": "28",
        "minor_net_amount": "1952",
        "currency_code": "eur",
        "transaction_status": "available",
        "created_at": _SECOND,
        "changed_at": _SECOND,
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "customers": {
        "source_id is no customer id": {"source_id": "ch_1a2B"},
        "email is no e-mail address": {"email": "n/a"},
        "phone is no phone number": {"phone": "call me"},
        "country_code is no country code": {"country_code": "Germany"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "charges": {
        "source_id is no charge id": {"source_id": "pi_1a2B"},
        "customer_source_id is no customer id": {"customer_source_id": "7"},
        "minor_amount is below 0": {"minor_amount": "-1", "minor_refunded_amount": None},
        "currency_code is no currency we trade in": {"currency_code": "euro"},
        "charge_status is unknown": {"charge_status": "lost"},
        "more was refunded than was paid": {"minor_refunded_amount": "1981"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "refunds": {
        "source_id is no refund id": {"source_id": "ch_1a2B"},
        "charge_source_id is no charge id": {"charge_source_id": "re_1a2B"},
        "minor_amount is not above 0": {"minor_amount": "0"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "refund_status is unknown": {"refund_status": "lost"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "payouts": {
        "source_id is no payout id": {"source_id": "ch_1a2B"},
        "minor_amount is out of all proportion": {"minor_amount": "9000000000000"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "payout_status is unknown": {"payout_status": "lost"},
        "arrival_date lies far in the future": {"arrival_date": _FAR_SECOND},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "balance_transactions": {
        "source_id is no balance transaction id": {"source_id": "ch_1a2B"},
        "payout_source_id is no payout id": {"payout_source_id": "txn_1a2B"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "transaction_status is unknown": {"transaction_status": "lost"},
        "the net amount is not the amount less the fee": {"minor_net_amount": "1951"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
}
