"""How NetSuite writes a type: truth as a letter where it is read, records and sublists where they are written."""

from collections.abc import Mapping
from typing import Any

from concord.fields import Form

_OWN_PRICE = {"id": "-1"}


def _as_reference(key: object) -> Mapping[str, object]:
    return {"id": str(key)}


def _as_lines(lines: Any) -> Mapping[str, object]:
    """Order lines `{item_source_id, quantity, unit_price}`, at our price and at no price level's."""
    return {
        "items": [
            {
                "item": _as_reference(line["item_source_id"]),
                "quantity": float(line["quantity"]),
                "price": _OWN_PRICE,
                "rate": float(line["unit_price"]),
            }
            for line in lines
        ]
    }


def _as_address_book(address: Any) -> Mapping[str, object]:
    """An address `{street, city, postal_code, country_code}` as the one that bills and parcels go to."""
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
ADDRESS_BOOK = Form(encode=_as_address_book)
