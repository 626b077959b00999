"""The lines of an order for SAP: they are created with the order, and at our price."""

from collections.abc import Mapping
from functools import partial

from concord.contract import Field, Form, Kind
from concord.protocols.values import decode_document, write_digits


def order_items(condition: str) -> Field:
    """The lines of a sales order; `condition` is the type of a manual price, with which new ones are written."""
    return Field(
        "to_Item.results",
        "items",
        Kind.JSON,
        form=Form(encode=partial(_encode, condition)),
        write="to_Item",
        json_type="array",
        numbers=("quantity", "unit_price"),
        members=(("$[*].RequestedQuantity", Kind.DECIMAL), ("$[*].NetAmount", Kind.DECIMAL)),
    )


def _encode(condition: str, value: object) -> object:
    given = decode_document(value)
    lines = [line for line in given if isinstance(line, dict)] if isinstance(given, list) else []
    return {"results": [_item(condition, number, line) for number, line in enumerate(lines, 1)]}


def _item(condition: str, number: int, line: Mapping[str, object]) -> dict[str, object]:
    item: dict[str, object] = {
        "SalesOrderItem": str(number * 10),
        "Material": str(line["sku"]),
        "RequestedQuantity": write_digits(line["quantity"]),
    }
    if line.get("unit") is not None:
        item["RequestedQuantityUnit"] = str(line["unit"])
    if line.get("unit_price") is not None:
        price = {
            "ConditionType": condition,
            "ConditionRateValue": write_digits(line["unit_price"]),
            "ConditionCurrency": str(line.get("currency_code") or ""),
            "ConditionQuantity": "1",
        }
        item["to_PricingElement"] = {"results": [price]}
    return item
