"""The forms of Tryton's values: SQL that reads them, and functions that write ours for it."""

from concord.contract import Form
from concord.protocols.values import decode_document, write_number
from concord.systems.tryton.rpc import encode_date, encode_decimal

_MOMENT = """to_char(to_timestamp({0}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def latest_moment(other: str = "") -> Form:
    """A `_timestamp` as a time; the later of two where the record depends on another with a stamp of its own."""
    own = _seconds("{0}")
    return Form(sql=_MOMENT.format(f"greatest({own}, {_seconds(other)})" if other else own))


def _seconds(text: str) -> str:
    return f"case when pg_input_is_valid({text}, 'double precision') then {text}::double precision end"


def _padded(member: str, digits: int) -> str:
    """SQL for a part of a date, with zeros in front; one with too many digits stays, so it makes no date."""
    text = f"coalesce({{0}}::jsonb ->> '{member}', '?')"
    return f"repeat('0', {digits} - length({text})) || {text}"


def _encode_key(value: object) -> object:
    """A key as the number that Tryton takes."""
    return int(str(value))


def _encode_lines(value: object) -> object:
    """Lines of a sale as the commands that create them with it."""
    given = decode_document(value)
    lines = [_encode_line(line) for line in given if isinstance(line, dict)] if isinstance(given, list) else []
    return [["create", lines]] if lines else []


def _encode_line(line: dict[str, object]) -> dict[str, object]:
    return {
        "type": "line",
        "product": int(str(line["product"])),
        "unit": int(str(line["unit"])),
        "quantity": write_number(line["quantity"]),
        "unit_price": encode_decimal(line["unit_price"]),
    }


AS_MOMENT = latest_moment()
AS_KEY = Form(encode=_encode_key)
AS_BOOLEAN = Form(sql="case {0} when '1' then 'true' when '0' then 'false' else {0} end")
AS_DATE = Form(
    sql=f"({_padded('year', 4)} || '-' || {_padded('month', 2)} || '-' || {_padded('day', 2)})",
    encode=encode_date,
)
AS_LINES = Form(encode=_encode_lines)
