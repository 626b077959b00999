"""The forms of NetSuite's values: yes and no in reads; records and sublists in writes; address and price."""

from collections.abc import Mapping
from typing import Any

from concord.contract import Field, Form, Kind
from concord.protocols.values import decode_document, write_number

_OWN_PRICE = {"id": "-1"}


def _as_reference(key: object) -> Mapping[str, object]:
    return {"id": str(key)}


def _as_lines(lines: Any) -> Mapping[str, object]:
    """Order lines `{item_source_id, quantity, unit_price}`, at our price and not that of a price level."""
    return {
        "items": [
            {
                "item": _as_reference(line["item_source_id"]),
                "quantity": write_number(line["quantity"]),
                "price": _OWN_PRICE,
                "rate": write_number(line["unit_price"]),
            }
            for line in decode_document(lines)
        ]
    }


def _as_address_book(address: Any) -> Mapping[str, object]:
    """An address `{street, city, postal_code, country_code}` as the one that bills and parcels go to."""
    address = decode_document(address)
    written = {
        "addr1": address["street"],
        "city": address["city"],
        "zip": address["postal_code"],
        "country": _as_reference(address["country_code"]),
    }
    return {"items": [{"defaultBilling": True, "defaultShipping": True, "addressBookAddress": written}]}


YES_OR_NO = Form(sql="(case {0} when 'T' then 'true' when 'F' then 'false' else {0} end)")
REFERENCE = Form(encode=_as_reference)
ORDER_LINES = Form(encode=_as_lines)
NUMBERS = ("quantity", "unit_price")  # of one line
ADDRESS_BOOK = Field(
    "addressbook",
    "address",
    Kind.JSON,
    select="NULL",
    form=Form(encode=_as_address_book),
    write="addressBook",
    is_personal=True,
)
# An item has no price column. The least quantity of a price is 0 or 1, depending on the account.
BASE_PRICE = Field(
    "baseprice",
    "base_price",
    Kind.DECIMAL,
    select="(SELECT MAX(pricing.unitprice) FROM pricing WHERE pricing.item = item.id AND pricing.quantity <= 1 "
    "AND pricing.pricelevel = {price_level_id} AND pricing.currency = {price_currency_id})",
    optional=True,
)
