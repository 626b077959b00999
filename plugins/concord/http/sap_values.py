"""How SAP takes the lines of an order: inside the order, with a price of ours in place of its own."""

import json
from collections.abc import Mapping
from functools import partial

from concord.fields import Form
from concord.http.odata_values import write_number


def order_items(condition: str) -> Form:
    """Lines as a sales order is created with them; `condition` is the type under which a manual price stands."""
    return Form(encode=partial(_encode, condition))


def _encode(condition: str, value: object) -> object:
    given = json.loads(value) if isinstance(value, str) else value
    lines = [line for line in given if isinstance(line, dict)] if isinstance(given, list) else []
    return {"results": [_item(condition, number, line) for number, line in enumerate(lines, 1)]}


def _item(condition: str, number: int, line: Mapping[str, object]) -> dict[str, object]:
    item: dict[str, object] = {
        "SalesOrderItem": str(number * 10),
        "Material": str(line["sku"]),
        "RequestedQuantity": write_number(line["quantity"]),
    }
    if line.get("unit") is not None:
        item["RequestedQuantityUnit"] = str(line["unit"])
    if line.get("unit_price") is not None:
        price = {
            "ConditionType": condition,
            "ConditionRateValue": write_number(line["unit_price"]),
            "ConditionCurrency": str(line.get("currency_code") or ""),
            "ConditionQuantity": "1",
        }
        item["to_PricingElement"] = {"results": [price]}
    return item
