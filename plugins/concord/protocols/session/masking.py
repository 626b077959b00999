"""Makes a sentence of a vendor fit for a log: without e-mail addresses, long numbers and values of records.

The values of a record that is written are known and taken out. Where many records are read none of them is known;
then all is taken out that a sentence quotes, and what follows a colon, except names that we asked for ourselves.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from concord.errors import ConcordError

LONGEST = 200
_EMAIL = re.compile(r"[^\s@\"'<>,;]+@[^\s@\"'<>,;]+")
_DIGITS = re.compile(r"\+?\d(?:[\d /().-]*\d){6,}")
_SPACES = re.compile(r"\s+")
_SHORTEST = 3  # letters of a value that is looked for
_CUT = 8  # letters by which a value is known that the vendor cut off
_QUOTES = {"'": "'", '"': '"', "`": "`", "“": "”", "„": "“”", "‘": "’", "«": "»", "»": "«"}
_QUOTED = re.compile(
    "|".join(
        rf"(?<!\w){begin}(?P<q{n}>[^\n]*?)(?:[{end}](?!\w)|$)" for n, (begin, end) in enumerate(_QUOTES.items())
    )
)
_BEHIND_COLON = re.compile(r"(?<=: )[^;]+?(?=: |; |\.(?:\s|$)|$)")
_WORD = re.compile(r"[A-Za-z_][\w.]*")
_LITERAL = re.compile(r"'[^']*'|\"(?=[^\"]*@)[^\"]*\"")
_SHORTEST_PHRASE = 3  # words, all but the first in lower case, that are taken for a sentence of the vendor's


def masked(text: object, values: Iterable[object] = ()) -> str:
    """The sentence on one line, at most 200 characters, with `values` and all personal patterns hidden."""
    sentence = _DIGITS.sub("…", _EMAIL.sub("…", without_values(str(text), values)))
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"


def masked_refusal(text: object, *, is_write: bool, asked: str = "") -> str:
    """What a vendor says of a call: a write may quote its own record only, a reading any."""
    return masked(text) if is_write else masked_of_any_record(text, asked)


def masked_of_any_record(text: object, asked: str = "") -> str:
    """The same where the record is not known that it may quote: what is quoted and what follows a colon is hidden.

    Names that stand in `asked`, which is the call or statement that was refused, stay; its own literals do not.
    """
    known = {name for word in _WORD.findall(_LITERAL.sub(" ", asked)) for name in (word, *word.split("."))}
    sentence = _SPACES.sub(" ", str(text)).strip()
    sentence = _QUOTED.sub(lambda found: _unquoted(found, known), sentence)
    return masked(_BEHIND_COLON.sub(lambda found: found[0] if _is_phrase(found[0], known) else "…", sentence))


def _unquoted(found: "re.Match[str]", known: Collection[str]) -> str:
    inner = next((text for text in found.groups() if text is not None), "")
    return found[0] if not inner or inner in known else found[0].replace(inner, "…")


def _is_phrase(text: str, known: Collection[str]) -> bool:
    """Whether a text is a name that was asked for, or reads as words of the vendor's and not as a value."""
    words = [word.strip(".,()'\"`") for word in text.split()]
    plain = [word in known or "…" in word or (word.isalpha() and word.isascii()) for word in words]
    lower = [word in known or word == word.lower() for word in words[1:]]
    is_long = len(words) >= _SHORTEST_PHRASE or all(word in known or "…" in word for word in words)
    return is_long and all(plain) and all(lower)


def without_values(text: str, values: Iterable[object]) -> str:
    """The text on one line without the values.

    A value may be a document, whose texts and numbers count each for itself. It is found in any case, as JSON
    writes it, and where only its first eight letters or more are quoted.
    """
    sentence = _SPACES.sub(" ", text).strip()
    wanted = {form for value in _leaves(values) for form in _forms(value) if len(form) >= _SHORTEST}
    for value in sorted(wanted, key=len, reverse=True):
        sentence = _without(sentence, value)
    return sentence


@contextmanager
def values_hidden(values: Iterable[object]) -> Iterator[None]:
    """An error that is raised within the block goes on without these values in its message."""
    try:
        yield
    except ConcordError as error:
        hide_values(error, values)
        raise


def hide_values(error: ConcordError, values: Iterable[object]) -> None:
    """Take these values out of the message of an error."""
    error.message = without_values(error.message, values)
    error.args = (error.message,)


def _leaves(value: object) -> Iterator[str]:
    """The texts and numbers in values and documents, each line of a text also alone."""
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, str):
        yield value
        yield from value.splitlines()
        if value[:1] in ("{", "["):
            yield from _leaves(_document(value))
    elif isinstance(value, Iterable):
        for part in value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _forms(value: str) -> Iterator[str]:
    plain = _SPACES.sub(" ", value).strip()
    yield plain
    yield json.dumps(plain)[1:-1]
    yield json.dumps(plain, ensure_ascii=False)[1:-1]


def _without(sentence: str, value: str) -> str:
    """The sentence without the value, or without as much of its beginning as it quotes."""
    begin = re.compile(re.escape(value[:_CUT]), re.IGNORECASE)
    kept, at = [], 0
    while found := begin.search(sentence, at):
        end = found.end()
        while end - found.start() < len(value) and sentence[end : end + 1].lower() == (
            value[end - found.start()].lower()
        ):
            end += 1
        kept.append(sentence[at : found.start()] + "…")
        at = end
    return "".join(kept) + sentence[at:]
