"""SAP's prices: condition records, each with a row for a period in which it is valid and for whom."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.vendors.odata.model import EntityType, Navigation, Property, properties
from sandbox.world.catalog import Product, make_products
from sandbox.world.draw import Settings

P = Property
AREA = {"SalesOrganization": "1710", "DistributionChannel": "10"}
Record = dict[str, Any]
RATE = EntityType(
    "A_SlsPrcgConditionRecord",
    ("ConditionRecord",),
    properties(
        P("ConditionRecord", "alpha", 10),
        P("ConditionTable", length=3),
        P("ConditionType", length=4),
        P("ConditionRateValue", "decimal"),
        P("ConditionRateValueUnit", length=5),
        P("ConditionQuantity", "decimal"),
        P("ConditionQuantityUnit", length=3),
        P("ConditionIsDeleted", "boolean"),
    ),
    is_guarded=False,
)
VALIDITY = EntityType(
    "A_SlsPrcgCndnRecdValidity",
    ("ConditionRecord", "ConditionValidityEndDate"),
    properties(
        P("ConditionRecord", "alpha", 10),
        P("ConditionValidityEndDate", "date"),
        P("ConditionValidityStartDate", "date"),
        P("ConditionType", length=4),
        P("ConditionReleaseStatus", length=1),
        P("SalesOrganization", length=4),
        P("DistributionChannel", length=2),
        P("Material", "alpha", 40),
        P("Customer", "alpha", 10),
        P("CustomerPriceGroup", length=2),
        P("PriceListType", length=2),
    ),
    {"to_SlsPrcgConditionRecord": Navigation("to_SlsPrcgConditionRecord", RATE, is_one=True)},
    is_guarded=False,
)


def _validity(product: Product, place: int, price: Decimal, **changed: str) -> Record:
    number = str(30_000_001 + product.index * 10 + place)
    rate = {
        "ConditionRecord": number,
        "ConditionTable": "304",
        "ConditionType": "PPR0",
        "ConditionRateValue": f"{price * 100:.3f}",
        "ConditionRateValueUnit": "EUR",
        "ConditionQuantity": "100",
        "ConditionQuantityUnit": "EA",
        "ConditionIsDeleted": False,
    }
    return {
        "ConditionRecord": number,
        "ConditionValidityStartDate": "2020-01-01",
        "ConditionValidityEndDate": "9999-12-31",
        "ConditionType": "PPR0",
        **AREA,
        "Material": product.sku,
        "to_SlsPrcgConditionRecord": [rate],
        "__stamp": product.updated_at.isoformat(),
        **changed,
    }


def prices(settings: Settings) -> Iterator[Record]:
    """For each product its price by the hundred, an earlier one, and lower ones for one customer and a list."""
    earlier = {"ConditionValidityStartDate": "2018-01-01", "ConditionValidityEndDate": "2019-12-31"}
    for product in make_products(settings):
        yield _validity(product, 0, product.price)
        yield _validity(product, 1, product.price - 1, **earlier)
        yield _validity(product, 2, product.price * Decimal("0.8"), Customer="1000001")
        yield _validity(product, 3, product.price * Decimal("0.9"), PriceListType="02")
