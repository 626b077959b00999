"""Tryton's ways to write values: what its text means to PostgreSQL, and how ours is written for it."""

import json

from concord.fields import Form
from concord.http.tryton_rpc import encode_date, encode_decimal

_MOMENT = """to_char(to_timestamp({0}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def latest_moment(other: str = "") -> Form:
    """A `_timestamp` as a time; the later of two where the record depends on another that is stamped apart."""
    own = _seconds("{0}")
    return Form(sql=_MOMENT.format(f"greatest({own}, {_seconds(other)})" if other else own))


def _seconds(text: str) -> str:
    return f"case when pg_input_is_valid({text}, 'double precision') then {text}::double precision end"


def _encode_key(value: object) -> object:
    """Keys are numbers there and text here."""
    return int(str(value))


def _encode_lines(value: object) -> object:
    """Lines of a sale as Tryton creates them with it."""
    given = json.loads(value) if isinstance(value, str) else value
    lines = [_encode_line(line) for line in given if isinstance(line, dict)] if isinstance(given, list) else []
    return [["create", lines]] if lines else []


def _encode_line(line: dict[str, object]) -> dict[str, object]:
    return {
        "type": "line",
        "product": int(str(line["product"])),
        "unit": int(str(line["unit"])),
        "quantity": float(str(line["quantity"])),
        "unit_price": encode_decimal(line["unit_price"]),
    }


AS_MOMENT = latest_moment()
AS_KEY = Form(encode=_encode_key)
AS_BOOLEAN = Form(sql="case {0} when '1' then 'true' when '0' then 'false' else {0} end")
AS_DATE = Form(
    sql="(lpad({0}::jsonb ->> 'year', 4, '0') || '-' || lpad({0}::jsonb ->> 'month', 2, '0') || '-' "
    "|| lpad({0}::jsonb ->> 'day', 2, '0'))",
    encode=encode_date,
)
AS_LINES = Form(encode=_encode_lines)
