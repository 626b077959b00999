"""Amounts reach the wire with all their digits: none of them passes through a `float`."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from concord.errors import ContractViolationError
from concord.protocols.values import decode_document, write_digits, write_number
from concord.systems.netsuite.forms import ORDER_LINES
from concord.systems.salesforce.bulk_csv import cell_of
from concord.systems.salesforce.declaration import wholesale_orders
from concord.systems.sap.values import order_items
from concord.systems.tryton.values import AS_LINES

AMOUNT = "123456789012345.67"
ITEM = '"item_source_id": "7", "product": "7", "unit": "1", "sku": "A"'
LINE = f'[{{{ITEM}, "quantity": {AMOUNT}, "unit_price": 0.1}}]'

ENCODERS = {
    "netsuite": ORDER_LINES.encode,
    "sap": order_items("PMP0").form.encode,
    "tryton": AS_LINES.encode,
}


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
@pytest.mark.parametrize("lines", [LINE, decode_document(LINE)], ids=["text", "decoded"])
def test_the_lines_of_an_order_keep_their_digits(encode: Callable[[object], object], lines: object) -> None:
    body = msgspec.json.encode(encode(lines)).decode()
    assert AMOUNT in body
    assert "0.1" in body
    assert "0.1000" not in body


@pytest.mark.parametrize(
    ("amount", "written"), [(Decimal(AMOUNT), AMOUNT), (Decimal("1E+3"), "1000"), (Decimal("-0.10"), "-0.10")]
)
def test_an_amount_is_a_json_number_and_a_cell_with_all_its_digits(amount: Decimal, written: str) -> None:
    encoded = wholesale_orders.field("wholesale_amount").form.encode(amount)
    assert msgspec.json.encode({"amount": encoded}) == f'{{"amount":{written}}}'.encode()
    assert cell_of(encoded) == written


@pytest.mark.parametrize("value", ["a lot", "", None, "NaN", "Infinity"])
@pytest.mark.parametrize("write", [write_digits, write_number])
def test_what_is_no_number_is_refused_by_itself(write: Callable[[object], object], value: object) -> None:
    with pytest.raises(ContractViolationError, match="correct it at its source"):
        write(value)
