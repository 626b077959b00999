"""Reads one phone number as people write it, with the library `phonenumbers`.

The library finds a number in almost any text: it takes letters for the keys of a telephone and joins a second
number to the first. So a text reaches it only when it is one number, perhaps with an extension or a remark in
brackets.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

LONGEST = 100

_LABEL = re.compile(r"^(?:telephone|telefon|phone|tel|fon|mobile?|mob)\b[.:\s]*", re.IGNORECASE)
_REMARK = re.compile(r"\(\s*[^\W\d_][^()]*\)")
_EXTENSION = re.compile(
    r"""[\s,;(-]* (?: ;\s*ext\s*= | \#
        | (?: extension | extn? | durchwahl | dw | nebenstelle | apparat | app | poste | interno | int | anexo
            | toestel | x ) (?![^\W\d_]) [\s.:=]* )
    \s* (\d{1,9}) [\s)]* $""",
    re.IGNORECASE | re.VERBOSE,
)
_OR = re.compile(r"[,;|&\n]|\b(?:or|oder|and|und|ou|et)\b", re.IGNORECASE)
_ONE_NUMBER = re.compile(r"\+?[\d\s().\-/]*")
_LATE_BRACKET = re.compile(r"(?:\d\D*){7,}\(\s*\d")


class Unreadable(StrEnum):
    """Why a spelling is not one valid number."""

    NO_COUNTRY = "no_country"
    SEVERAL_NUMBERS = "several_numbers"
    OTHER_TEXT = "other_text"
    NOT_VALID = "not_valid"


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number as E.164 with its extension apart, or the reason why a spelling is none."""

    e164: str | None = None
    extension: str | None = None
    reason: Unreadable | None = None


def read_phone(spelling: str, country_code: str | None) -> PhoneNumber:
    """The number that a spelling means in a country (two letters, None when it is not known).

    Without a country only an international notation can be read.
    """
    text = _LABEL.sub("", _plain(spelling))
    text = _REMARK.sub(" ", text) if not _EXTENSION.search(text) else text
    extension = _EXTENSION.search(text)
    if extension is not None:
        text = text[: extension.start()]
    text = text.strip()
    if reason := _refuse(text, country_code):
        return PhoneNumber(reason=reason)
    number = _parse(text, country_code)
    if number is None:
        return PhoneNumber(reason=Unreadable.NOT_VALID)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return PhoneNumber(e164, extension.group(1) if extension else None)


def _plain(spelling: str) -> str:
    """The spelling in ordinary digits, plus signs and hyphens, without invisible characters."""
    folded = unicodedata.normalize("NFKC", spelling)
    kept = (sign for sign in folded if unicodedata.category(sign) != "Cf")
    return "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in kept).strip()


def _refuse(text: str, country_code: str | None) -> Unreadable | None:
    if _has_several(text, country_code):
        return Unreadable.SEVERAL_NUMBERS
    if not _ONE_NUMBER.fullmatch(text.replace("(+", "+(", 1)) or _LATE_BRACKET.search(text):
        return Unreadable.OTHER_TEXT
    if not country_code and not text.startswith(("+", "(+", "00")):
        return Unreadable.NO_COUNTRY
    return None


def _has_several(text: str, country_code: str | None) -> bool:
    """Whether the text holds another number behind the first; a slash may also stand within a number."""
    if text.count("+") > 1 or len([part for part in _OR.split(text) if re.search(r"\d", part)]) > 1:
        return True
    parts = text.split("/")
    return any(_parse("/".join(parts[:count]), country_code) for count in range(1, len(parts)))


def _parse(text: str, country_code: str | None) -> phonenumbers.PhoneNumber | None:
    """The valid number of a text, or None. The prefix 00 is tried first as the one of international numbers."""
    tried = [(f"+{text[2:]}", None)] if text.startswith("00") else []
    for candidate, region in [*tried, (text, country_code or None)]:
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
    return None
