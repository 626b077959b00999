"""Amounts that a vendor counts in the smallest unit of a currency, such as cents: read and written in whole units.

Some currencies have no smaller unit, some have thousandths: https://www.iso.org/iso-4217-currency-codes.html
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from concord.contract import Form
from concord.errors import ContractViolationError

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_PLACES = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


def minor_units(currency: str, places: Mapping[str, int] | None = None) -> Form:
    """The form of a `Kind.DECIMAL` that is counted in the smallest unit of the currency in the field `currency`.

    `places` are the decimal places of currencies of which the vendor counts other units than ISO 4217 says. A
    record with an amount and no currency is set aside. An amount with more places than its currency has is not
    written, and neither is one whose currency is not known.
    """
    known = {**_PLACES, **(places or {})}
    cases = " ".join(f"when '{code}' then {digits}" for code, digits in sorted(known.items()))
    power = f"case upper({currency}) {cases} else 2 end"
    usable = f"pg_input_is_valid({{0}}, 'numeric') and {currency} ~ '^[A-Za-z]{{{{3}}}}$'"
    exact = f"trim_scale({{0}}::numeric / 10::numeric ^ ({power}))::text"
    unusable = "nullif({0}, '') || ' in no currency'"

    def encode(value: object, code: object) -> object:
        return _in_minor_units(value, code, known)

    sql = f"case when {usable} then {exact} else {unusable} end"
    return Form(sql, encode=_refuse, beside=currency, encode_beside=encode)


def _refuse(value: object) -> object:
    """Nothing for nothing: a writer that does not look at the currency cannot write an amount."""
    if value is None:
        return None
    raise ContractViolationError("The writer of this system knows no currency, and an amount in units needs one.")


def _in_minor_units(value: object, code: object, places: Mapping[str, int]) -> int:
    """The number of smallest units; a `ContractViolationError` where it is no whole number or has no currency."""
    if not isinstance(code, str) or len(code) != 3:
        raise ContractViolationError("An amount is written in a unit of its currency, and the record names none.")
    try:
        units = Decimal(str(value)).scaleb(places.get(code.upper(), 2))
    except InvalidOperation as error:
        raise ContractViolationError("An amount is no number; correct it at its source.") from error
    if not units.is_finite() or units != units.to_integral_value():
        raise ContractViolationError(f"An amount has more decimal places than {code.upper()} has.")
    return int(units)
