"""The prices of an item by price level, currency and quantity, in the form of the sublist that the item has."""

from decimal import Decimal
from typing import Any

from sandbox.world.catalog import Product


def price_matrix(product: Product) -> dict[str, Any]:
    """The price matrix of an item: the base price, a level of dealers, a scale, and another currency."""
    rows = [("1", "1", 0, Decimal(1)), ("1", "1", 10, Decimal("0.9")), ("2", "1", 0, Decimal("0.75"))]
    return {
        "items": [
            {
                "priceLevel": {"id": level},
                "currencyPage": {"id": currency},
                "quantity": {"value": str(quantity)},
                "price": float(round(product.price * factor, 2)),
            }
            for level, currency, quantity, factor in [*rows, ("1", "2", 0, Decimal("1.1"))]
        ]
    }
