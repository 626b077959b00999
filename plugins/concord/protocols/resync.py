"""Finds where a damaged item of a JSON list ends, when its brackets or quotes do not match.

The items of a list begin alike: a sibling begins with the same name as the first of them. The damaged item ends
where the next sibling begins, or where the list ends, and where all that follows matches again. Where nothing that
follows ever matches, the item cannot be told from the others. Where several items in a row are damaged, those
between them that are whole and have the same names as the list's others stay as they are.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from math import inf

import msgspec

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|[^{}\[\]"]++|"', re.DOTALL)
_FIRST_NAME = re.compile(rb'[\[{\s]*("(?:[^"\\]++|\\.)*+")\s*:', re.DOTALL)
_MOST_PLACES = 30  # that are tried for one item
_FEW = 8  # signs may stand before a name that lost its bracket
_MOST_KINDS = 4  # of items that a list's first one is compared with
_ITEM = re.compile(rb'\}\s*,\s*(\{\s*("(?:[^"\\]++|\\.)*+")\s*:)', re.DOTALL)
_CLOSING = {b"{": b"}", b"[": b"]"}
_WHOLE = -1
_COMMA = re.compile(rb"\s*,\s*")
_BETWEEN = re.compile(rb"[,\s]*")
_one = json.JSONDecoder(strict=False)
FlawsIn = Callable[[bytes], int | None]


@dataclass(slots=True)
class Span:
    """Bytes that cannot be read.

    `has_no_name` where they are a member of an object and hold no name, `lacks_comma` where none divides them from
    the item before.
    """

    start: int
    end: int
    has_no_name: bool = False
    lacks_comma: bool = False


@dataclass(frozen=True, slots=True)
class Suspect:
    """An item of a list: where it begins, where the list's first item does, and what closes all that is open."""

    start: int
    first: int
    closings: bytes

    def is_among(self, body: bytes, start: int, end: int) -> bool:
        """Whether other items of the list begin between two places."""
        ones = _with_sound_ones(body, [self])
        return any(start <= found.start() < end for one in ones for found in _siblings(body, one))


class MismatchError(ValueError):
    """Brackets or quotes that do not match: where that shows, and the items that may be the cause.

    `spans` are what is to be marked all the same where no item can be told from the others.
    """

    def __init__(self, message: str, at: int, suspects: Sequence[Suspect], spans: Sequence[Span] = ()) -> None:
        super().__init__(message)
        self.at = at
        self.suspects = suspects
        self.spans = spans


def damaged_items(body: bytes, error: MismatchError, flaws_in: FlawsIn) -> list[Span]:
    """The damaged items, in order; none where they cannot be told from the others.

    `flaws_in` counts what is wrong with a body, and gives None where its brackets do not match. It takes long, so
    ends behind which all is sound are looked for first. The end of an item is where least is wrong then, or else
    where the brackets match furthest.
    """
    suspects = list(_with_sound_ones(body, error.suspects))
    flaws, spans = _least_damaged(body, error, suspects, _flaws_if_none)
    return spans if flaws == 0 else _least_damaged(body, error, suspects, flaws_in)[1]


def _flaws_if_none(body: bytes) -> int | None:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return 0


def _least_damaged(
    body: bytes, error: MismatchError, suspects: Sequence[Suspect], flaws_in: FlawsIn
) -> tuple[float, list[Span]]:
    """What is wrong with the body without the fewest bytes, and those."""
    found: list[tuple[float, int, list[Span]]] = []
    for suspect in suspects:
        end = _end_of(body, error, suspect, flaws_in)
        if end is not None:
            spans = _damaged_before(end, body, suspect)
            flaws = flaws_in(_without(body, spans))
            found.append((inf if flaws is None else flaws, sum(span.end - span.start for span in spans), spans))
    least, _, spans = min(found, key=lambda it: it[:2], default=(inf, 0, []))
    return least, spans


def _without(body: bytes, spans: Sequence[Span]) -> bytes:
    """The body with an empty text for each span."""
    pieces, at = [], 0
    for span in spans:
        pieces += [body[at : span.start], b',""' if span.lacks_comma else b'""']
        at = span.end
    return b"".join([*pieces, body[at:]])


def _end_of(body: bytes, error: MismatchError, suspect: Suspect, flaws_in: FlawsIn) -> int | None:
    """Where a suspect ends so that least is wrong with the body without it, or else the body matches furthest."""
    best: tuple[tuple[float, int], int] | None = None
    for end in _places(body, suspect):
        reached = _reach(body, end, suspect.closings)
        if reached != _WHOLE and reached <= error.at:
            continue
        flaws = flaws_in(_without(body, [Span(suspect.start, end)])) if reached == _WHOLE else None
        rank = (inf if flaws is None else flaws), -reached
        if best is None or rank < best[0]:
            best = rank, end
        if flaws == 0:
            break
    return best[1] if best else None


def _with_sound_ones(body: bytes, suspects: Sequence[Suspect]) -> Iterator[Suspect]:
    """The suspects; a list's first one with each kind of item that follows, for its own may be lost."""
    for suspect in suspects:
        if suspect.first < suspect.start:
            yield suspect
            continue
        kinds: dict[bytes, int] = {}
        for found in islice(_ITEM.finditer(body, suspect.start + 1), _MOST_PLACES):
            kinds.setdefault(found[2], found.start(1))
        for place in islice(kinds.values(), _MOST_KINDS):
            yield replace(suspect, first=place)
        yield suspect


def _damaged_before(end: int, body: bytes, suspect: Suspect) -> list[Span]:
    """The items from the suspect to the end, without those that are whole and have the names of a sound one."""
    between = [found.span() for found in _siblings(body, suspect) if found.end() <= end]
    starts, ends = [suspect.start, *(stop for _, stop in between)], [*(start for start, _ in between), end]
    alike = _names_at(body, suspect.first if suspect.first != suspect.start else end)[0]
    damaged: list[Span] = []
    behind_a_whole_one = True
    for start, stop in zip(starts, ends, strict=True):
        names, whole_to = _names_at(body, start)
        is_whole = bool(names) and whole_to <= stop and (names == alike or _begins_again(body, start, whole_to))
        if is_whole and b":" in body[whole_to:stop]:
            damaged.append(_behind(body, whole_to, stop))
            behind_a_whole_one = False
            continue
        is_whole = is_whole and whole_to == stop
        if not is_whole and behind_a_whole_one:
            damaged.append(Span(start, stop))
        elif not is_whole:
            damaged[-1].end = stop
        behind_a_whole_one = is_whole
    return damaged


def _begins_again(body: bytes, start: int, end: int) -> bool:
    """Whether the first name of an item comes again right behind it, whatever has become of what stood before."""
    name = _FIRST_NAME.match(body, start)
    before_colon = body[end : body.find(b":", end)].strip()
    return name is not None and before_colon.endswith(name[1][1:]) and len(before_colon) < len(name[1]) + _FEW


def _behind(body: bytes, start: int, end: int) -> Span:
    """An item without its beginning, behind one that is whole."""
    comma = _COMMA.match(body, start, end)
    return Span(comma.end(), end) if comma else Span(start, end, lacks_comma=True)


def _names_at(body: bytes, place: int) -> tuple[frozenset[str], int]:
    """The names in the object at a place and where it ends; no names where there is none that can be read."""
    begin = _BETWEEN.match(body, place)
    place = begin.end() if begin else place
    try:
        found, end = _one.raw_decode(_as_text(body), place)
    except (ValueError, RecursionError):
        return frozenset(), place
    return frozenset(found) if isinstance(found, dict) else frozenset(), end


@lru_cache(maxsize=1)
def _as_text(body: bytes) -> str:
    """A text with a sign for each byte."""
    return body.decode("latin-1")


def _siblings(body: bytes, suspect: Suspect) -> Iterator["re.Match[bytes]"]:
    """What separates items of the list behind the suspect, where they begin with the first one's first name."""
    name = _FIRST_NAME.match(body, suspect.first)
    if name is not None:
        separator = re.compile(rb"\s*,\s*(?=\{\s*" + re.escape(name[1]) + rb"\s*:)")
        yield from separator.finditer(body, suspect.start + 1)


def _places(body: bytes, suspect: Suspect) -> Iterator[int]:
    """Where the item may end: before each of its siblings, and before each bracket that may end the list."""
    for _, found in zip(range(_MOST_PLACES), _siblings(body, suspect), strict=False):
        yield found.start()
    end = len(body)
    for _ in range(_MOST_PLACES):
        end = body.rfind(b"]", suspect.start, end)
        if end < 0:
            return
        yield end


def _reach(body: bytes, at: int, closings: bytes) -> int:
    """How far the text behind a place matches what is open there; `_WHOLE` if it does so to its end."""
    still_open = [closings[number : number + 1] for number in range(len(closings))]
    for found in _TOKEN.finditer(body, at):
        token = found[0]
        if token in _CLOSING:
            still_open.append(_CLOSING[token])
        elif token == b'"' or (token in (b"}", b"]") and (not still_open or still_open.pop() != token)):
            return found.start()
    return len(body) - 1 if still_open else _WHOLE
