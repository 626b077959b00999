"""Finds where a damaged item of a JSON list ends, when its brackets or quotes do not match.

The items of a list begin alike: a sibling begins with the same name as the first of them. The damaged item ends
where the next sibling begins, or where the list ends, and where all that follows matches again. Where nothing that
follows ever matches, the item cannot be told from the others. Where several items in a row are damaged, those
between them that are whole and have the same names as the list's others stay as they are.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|[^{}\[\]"]++|"', re.DOTALL)
_FIRST_NAME = re.compile(rb'[\[{\s]*("(?:[^"\\]++|\\.)*+")\s*:', re.DOTALL)
_MOST_PLACES = 30  # that are tried for one item
_CLOSING = {b"{": b"}", b"[": b"]"}
_WHOLE = -1
_BETWEEN = b", \t\r\n"
_one = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Suspect:
    """An item of a list: where it begins, where the list's first item does, and what closes all that is open."""

    start: int
    first: int
    closings: bytes

    def is_among(self, body: bytes, start: int, end: int) -> bool:
        """Whether other items of the list begin between two places."""
        return any(start <= found.start() < end for found in _siblings(body, self))


class MismatchError(ValueError):
    """Brackets or quotes that do not match: where that shows, and the items that may be the cause.

    `spans` are what is to be marked all the same where no item can be told from the others.
    """

    def __init__(self, message: str, at: int, suspects: Sequence[Suspect], spans: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.at = at
        self.suspects = suspects
        self.spans = spans


def damaged_items(
    body: bytes, error: MismatchError, flaws_in: Callable[[bytes], int | None]
) -> list[tuple[int, int]]:
    """Where the damaged items begin and end, in order; none where they cannot be told from the others.

    `flaws_in` counts what is wrong with a body, and gives None where its brackets do not match. The end of the
    item is where least is wrong then, or else where the brackets match furthest.
    """
    best: tuple[float, int, Suspect, int] | None = None
    for suspect in error.suspects:
        for end in _places(body, suspect):
            reached = _reach(body, end, suspect.closings)
            if reached != _WHOLE and reached <= error.at:
                continue
            flaws = flaws_in(b'%b""%b' % (body[: suspect.start], body[end:])) if reached == _WHOLE else None
            if flaws == 0:
                return _damaged_before(end, body, suspect)
            rank = inf if flaws is None else flaws, -reached
            if best is None or rank < best[:2]:
                best = *rank, suspect, end
    return _damaged_before(best[3], body, best[2]) if best else []


def _damaged_before(end: int, body: bytes, suspect: Suspect) -> list[tuple[int, int]]:
    """The items from the suspect to the end, without those that are whole and have the names of a sound one."""
    between = [found.span() for found in _siblings(body, suspect) if found.end() <= end]
    starts, ends = [suspect.start, *(stop for _, stop in between)], [*(start for start, _ in between), end]
    alike = _names_at(body, suspect.first if suspect.first < suspect.start else end)[0]
    damaged: list[tuple[int, int]] = []
    behind_a_whole_one = True
    for start, stop in zip(starts, ends, strict=True):
        is_whole = bool(alike) and _names_at(body, start) == (alike, stop)
        if not is_whole and behind_a_whole_one:
            damaged.append((start, stop))
        elif not is_whole:
            damaged[-1] = damaged[-1][0], stop
        behind_a_whole_one = is_whole
    return damaged


def _names_at(body: bytes, place: int) -> tuple[frozenset[str], int]:
    """The names in the object at a place and where it ends; no names where there is none that can be read."""
    place += len(body) - place - len(body[place:].lstrip(_BETWEEN))
    text = body[place:].decode("latin-1")
    try:
        found, length = _one.raw_decode(text)
    except (ValueError, RecursionError):
        return frozenset(), place
    return frozenset(found) if isinstance(found, dict) else frozenset(), place + length


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
