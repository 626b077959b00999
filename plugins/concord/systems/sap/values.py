"""What SAP takes within a new record: the lines of an order, at our price, and the address of a partner."""

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


def _encode_address(value: object) -> object:
    """An address `{street_name, house_number, city, postal_code, country_code, email, phone}`, null if unknown."""
    given = decode_document(value)
    names = {
        "street_name": "StreetName",
        "house_number": "HouseNumber",
        "city": "CityName",
        "postal_code": "PostalCode",
        "country_code": "Country",
    }
    address: dict[str, object] = {names[name]: given[name] for name in names if given.get(name)}
    if given.get("email"):
        address["to_EmailAddress"] = {"results": [{"EmailAddress": given["email"]}]}
    if given.get("phone"):
        address["to_PhoneNumber"] = {"results": [{"PhoneNumber": given["phone"]}]}
    return {"results": [address]}


# Written with a new partner, and read as a resource of its own.
NEW_ADDRESS = Field(
    "to_BusinessPartnerAddress.results",
    "new_address",
    Kind.JSON,
    form=Form(encode=_encode_address),
    write="to_BusinessPartnerAddress",
    json_type="array",
    is_personal=True,
)
