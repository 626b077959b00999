"""EBCDIC code pages that Python lacks, most of them national ones of Europe, as codecs `cp277` and so on.

Each is written as what differs from code page 37. The tables of OpenJDK 17 and of glibc agree on
them; where glibc has another letter (278, 285, 870 and 871, one or two each), IBM's own tables in ICU and the page
with the euro sign decide. Pages for which no second table was at hand are left out. Line ends are as in Python's
own pages: X'15' is U+0085, X'25' a line feed.
"""

import codecs
import re
from collections.abc import Mapping
from functools import cache

# By code page: the bytes that mean another letter than in code page 37, and these letters.
_DIFFERENCES: Mapping[int, tuple[str, str]] = {
    277: (
        "474a4f5a5b5f676a707b7c809c9e9fa1b0babbc0d0dc",
        "}#!¤Å^$ø¦ÆØ@{[]ü¢¬|æå~",
    ),
    278: (
        ("43474a4f515a5b5f63676a71797b7c9fa1b0b5babbc0ccd0dce0ec"),
        ("{}§!`¤Å^#$ö\\éÄÖ]ü¢[¬|ä¦å~É@"),
    ),
    280: (
        "44484a4f5154585a5f6a797b7c90a1b0b1b5babbc0cdd0dde0",
        "{\\°!]}~é^òù£§[ì¢#@¬|à¦è`ç",
    ),
    284: (
        "494a5a696a7ba1b0babbbd",
        "¦[]#ñÑ¨¢^!~",
    ),
    285: (
        "4a5ba1b0b1babc",
        "$£¯¢[^~",
    ),
    297: (
        "44484a4f51545a5f6a797b7c90a0a1b0b1b5babbbdc0d0dde0",
        "@\\°!{}§^ùµ£à[`¨¢#]¬|~éè¦ç",
    ),
    870: (
        (
            "444647494a4f525457585a5f646667696a7072747778808a8b8c"
            "8e8f9a9b9c9ea0aaabacaeafb0b1b2b3b4b6b7b8b9babbbccdcf"
            "dadbdddfeaedeffafbfd"
        ),
        ("ţăčć[!ęůľĺ]^˝ĂČĆ|ˇĘŮĽĹ˘śňđřşłńš˛ąŚŇĐŘŞ˙ĄżŢŻžźŽŹŁŃŠŕőĚűťěďŔŐĎŰŤ"),
    ),
    871: (
        "4a4f5a5f797c8c8e9c9ea1acaeb0babbbec0ccd0e0ec",
        "Þ!ÆÖðÐ`{}]ö@[¢¬|\\þ~æ´^",
    ),
    1025: (
        (
            "42434445464748494a4f5152535455565758595a5f6263646566"
            "6768696a707172737475767778808a8b8c8d8e8f909a9b9c9d9e"
            "9fa0aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfcacb"
            "cccdcecfdadbdcdddedfe1eaebecedeeeffafbfcfdfe"
        ),
        (
            "ђѓёєѕіїј[!љњћќўџЪ№Ђ]^ЃЁЄЅІ"
            "ЇЈЉ|ЊЋЌ\u00adЎЏюабцдефгхийклмно"
            "пярстужвьызшэщчъЮАБЦДЕФГХИ"
            "ЙКЛМНОПЯРС§ТУЖВЬЫЗШЭЩЧ"
        ),
    ),
    1047: (
        "5fadb0babbbd",
        "^[¬Ý¨]",
    ),
    1112: (
        (
            "4244454648495253545556575862646566686972737475767778"
            "8c8d8e9a9b9daaabacadaeb2bcbdbecbcddbdddedfebedfbfdfe"
        ),
        ("šąįūēžęėčų„“ģŠĄĮŪĒŽĘĖČŲĪĻĢāżńŖŗķ”źĀŻŃīŹĶļōņćłś’ŌŅĆŁŚ"),
    ),
}
# Code pages that differ from an older one by the euro sign, and the byte at which it is.
_WITH_EURO: Mapping[int, tuple[int, int]] = {
    1141: (273, 0x9F),
    1142: (277, 0x5A),
    1143: (278, 0x5A),
    1144: (280, 0x9F),
    1145: (284, 0x9F),
    1146: (285, 0x9F),
    1147: (297, 0x9F),
    1148: (500, 0x9F),
    1149: (871, 0x9F),
    1153: (870, 0x9F),
}
_OF_PYTHON = (37, 273, 424, 500, 875, 1026, 1140)
KNOWN = tuple(sorted({*_OF_PYTHON, *_DIFFERENCES, *_WITH_EURO}))
_SINGLE_BYTES = bytes(range(256))
_NAME = re.compile(r"(?:cp|ibm|ccsid)?[-_ ]?0*(\d{2,5})", re.IGNORECASE)


def find_code_page(name: str) -> str:
    """The codec of a code page by any of its names: `1141`, `CP1141`, `IBM-1141`, `CCSID 1141`.

    Raises a `LookupError` with a sentence for one that is unknown, or does not give each letter one byte.
    """
    match = _NAME.fullmatch(name.strip())
    codec = f"cp{int(match[1]):03d}" if match else name.strip()
    try:
        if len(_SINGLE_BYTES.decode(codec, "replace")) == len(_SINGLE_BYTES):
            return codec
    except (LookupError, UnicodeError):
        pass
    pages = ", ".join(str(page) for page in KNOWN)
    raise LookupError(
        f"Code page {name.strip()!r} is unknown here or does not give each letter one byte; correct its number, "
        f"or have the files written in a code page of which there is a table ({pages})"
    )


@cache
def _letters_of(page: int) -> str:
    """The letters of the 256 bytes of a code page."""
    if page in _OF_PYTHON:
        return codecs.decode(_SINGLE_BYTES, f"cp{page:03d}")
    older, euro_at = _WITH_EURO.get(page, (37, -1))
    letters = list(_letters_of(older))
    places, others = _DIFFERENCES.get(page, ("", ""))
    for place, letter in zip(bytes.fromhex(places), others, strict=True):
        letters[place] = letter
    if euro_at >= 0:
        letters[euro_at] = "\u20ac"
    if older == 273:
        letters[0xBC] = "\u00af"  # a macron, where Python has an overline
    return "".join(letters)


def _search(name: str) -> codecs.CodecInfo | None:
    """A codec for Python's register of codecs, None for a name that is none of ours."""
    match = re.fullmatch(r"cp(\d+)", name)
    page = int(match[1]) if match else 0
    if page not in _DIFFERENCES and page not in _WITH_EURO:
        return None
    letters = _letters_of(page)
    by_letter = codecs.charmap_build(letters)
    return codecs.CodecInfo(
        encode=lambda text, errors="strict": codecs.charmap_encode(text, errors, by_letter),
        decode=lambda content, errors="strict": codecs.charmap_decode(content, errors, letters),  # type: ignore[arg-type]
        name=name,
    )


codecs.register(_search)
