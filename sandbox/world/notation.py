"""Writes values in the spellings that people use, and reads such spellings.

Only the referee and the tests use the readers. They share nothing with the product, so that a mistake in the
product's own cleaning is noticed.
"""

import re
from random import Random

from sandbox.world.pools import COUNTRIES, COUNTRY_BY_CODE

_UPPER_SHARE = 0.04
_DOUBLE_SPACE_SHARE = 0.03
_COUNTRY_BY_NAME = {country.name.casefold(): country.code for country in COUNTRIES}
_NOT_ASCII = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ú": "u", "í": "i", "ó": "o", "ò": "o",
        "á": "a", "ç": "c", "É": "e", " ": "", "'": "", ".": "",
    }
)  # fmt: skip


def ascii_word(text: str) -> str:
    """A name as it appears in an e-mail address."""
    return text.lower().translate(_NOT_ASCII)


def write_phone(random: Random, phone: str, country_code: str) -> str:
    """An E.164 number in one of five notations; the local ones can be read only with the country."""
    country = COUNTRY_BY_CODE[country_code]
    national = phone[len(country.dial) + 1 :]
    area, number = national[: len(country.area)], national[len(country.area) :]
    match int(random.random() * 5):
        case 0:
            return f"+{country.dial} {area} {number}"
        case 1:
            return f"00{country.dial} {area} {number}"
        case 2:
            return f"{country.trunk}{area}/{number}"
        case 3:
            return f"({country.trunk}{area}) {number[:3]}-{number[3:]}"
        case _:
            return phone


def write_name(random: Random, name: str) -> str:
    """A name, sometimes in capitals or with a double space; one with an ß is never put in capitals."""
    luck = random.random()
    if luck < _UPPER_SHARE and "ß" not in name:
        return name.upper()
    if luck < _UPPER_SHARE + _DOUBLE_SPACE_SHARE and " " in name:
        return name.replace(" ", "  ", 1)
    return name


def write_email(random: Random, email: str, *, spaces: bool) -> str:
    """An e-mail address, sometimes with capitals, and with outer spaces where the system allows them."""
    luck = random.random()
    if luck < 0.05:
        return email.upper()
    if luck < 0.08:
        return email.title()
    if spaces and luck < 0.11:
        return f" {email} "
    return email


def write_country(random: Random, country_code: str) -> str:
    """A country by its English name or its ISO code."""
    return country_code if random.random() < 0.4 else COUNTRY_BY_CODE[country_code].name


def read_phone(text: str | None, country_code: str | None) -> str | None:
    """Any of the five notations as E.164."""
    if not text:
        return None
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    country = COUNTRY_BY_CODE.get(country_code or "")
    if country is None:
        return digits
    return f"+{country.dial}{digits.removeprefix(country.trunk)}"


def read_country(text: str | None) -> str | None:
    """ISO code of an English name or a code; None when it is neither."""
    if not text:
        return None
    folded = text.strip().casefold()
    code = folded.upper()
    return code if code in COUNTRY_BY_CODE else _COUNTRY_BY_NAME.get(folded)


def read_name(text: str | None) -> str | None:
    """Without the differences of case and space."""
    folded = " ".join((text or "").split()).casefold()
    return folded or None


def read_email(text: str | None) -> str | None:
    """Without the differences of case and space."""
    return (text or "").strip().casefold() or None


def read_sku(text: str | None) -> str | None:
    """Without the differences of case and space."""
    return re.sub(r"\s", "", text or "").upper() or None
