"""Makes every character of a text visible, before the text reaches a terminal, a page or a log.

Vendors, file names and records may hold characters that act and are not seen: an escape sequence moves the
cursor or renames the window of a terminal, a carriage return overwrites a line, and a control of direction shows
an account number backwards. `show_controls` replaces each of them by one visible character.
"""

_STAND_IN = "\N{REPLACEMENT CHARACTER}"
_PICTURES = 0x2400  # where Unicode has the picture of each control character below 0x20
_LINES = ("\n", "\t")
# Controls of direction, separators of lines and paragraphs, the byte order mark, and tags, which nothing shows.
_UNSEEN = (
    0x061C,
    *range(0x200E, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
_REPLACED = {
    **{number: chr(_PICTURES + number) for number in range(0x20) if chr(number) not in _LINES},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys((*range(0x80, 0xA0), *_UNSEEN, *range(0xD800, 0xE000)), _STAND_IN),
}


def show_controls(text: str) -> str:
    """The text with each control character replaced by one visible character; line ends and tabs stay.

    Half of a surrogate pair is replaced as well, which no output can encode. The length stays the same.
    """
    return text.translate(_REPLACED)


def on_one_line(text: str) -> str:
    """The text as `show_controls` gives it, with each run of white space as one space."""
    return " ".join(show_controls(text).split())
