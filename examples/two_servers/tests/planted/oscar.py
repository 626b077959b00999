"""Good records of the shop as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing import STAMP, RowFaults, Rows

GOOD: Final[Rows] = {
    "users": {
        "source_id": "1001",
        "customer_code": "P10001",
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "is_staff": "false",
    },
    "products": {"source_id": "1", "product_code": "LAMP-1", "product_name": "Lamp", "updated_at": STAMP},
    "stock": {
        "source_id": "http://shop/api/admin/products/1/stockrecords/1/",
        "product_code": "LAMP-1",
        "price_amount": "9.90",
        "stock_quantity": "4",
        "updated_at": STAMP,
    },
    "orders": {"source_id": "1001", "currency_code": "EUR", "total_amount": "9.90", "placed_at": STAMP},
}

ROW_FAULTS: Final[RowFaults] = {
    "users": {"email is no e-mail address": {"email": "n/a"}},
    "products": {"product_name is longer than 255 characters": {"product_name": "n" * 256}},
    "stock": {"price_amount is below zero": {"price_amount": "-0.01"}},
    "orders": {"currency_code is no ISO code": {"currency_code": "euro"}},
}
