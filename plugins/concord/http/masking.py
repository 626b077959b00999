"""Makes a vendor's sentence fit for a log: no e-mail addresses, no numbers of persons, no record values."""

import re
from collections.abc import Iterable

LONGEST = 200
_EMAIL = re.compile(r"[^\s@\"'<>,;]+@[^\s@\"'<>,;]+")
_DIGITS = re.compile(r"\+?\d(?:[\d /().-]*\d){6,}")
_SPACES = re.compile(r"\s+")


def masked(text: object, values: Iterable[object] = ()) -> str:
    """The sentence on one line, at most 200 characters, with `values` and all personal patterns hidden."""
    sentence = _SPACES.sub(" ", str(text)).strip()
    known = {str(value).strip() for value in values if value is not None and not isinstance(value, bool)}
    for value in sorted((value for value in known if len(value) > 2), key=len, reverse=True):
        sentence = re.sub(re.escape(value), "…", sentence, flags=re.IGNORECASE)
    sentence = _DIGITS.sub("…", _EMAIL.sub("…", sentence))
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"
