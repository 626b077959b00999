"""Makes a page readable that holds something which is not valid JSON, so that only the records around it are lost.

Each value that no decoder takes is replaced by a text that holds its bytes, the mark, and so is a member of an
object or list that is none: with a second value behind the first, without a name, or empty. Where the page's
records are landed, a record with a mark is set aside with the bytes that came. An item of a list whose brackets or
quotes do not match is replaced as a whole where the next one, or the end of the list, can be told
(see `concord.protocols.resync`). A page that is cut off cannot be mended.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from concord.protocols.resync import MismatchError, Span, Suspect, damaged_items

MARK = b"concord~unreadable~"
_MARK = MARK.decode()
_HELD = MARK + rb"([0-9a-f]*)~"
_MARKED = re.compile(rb',?"' + _HELD + rb',"|("?)' + _HELD + rb"\2(?::null)?")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_ITEMS = 20  # whose brackets do not match, in one page
_DEEPEST = 200  # objects and lists within each other; Python's decoders end some hundred levels further down
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]++|"', re.DOTALL)
_WORD = re.compile(rb"true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_MEMBERS, _ITEMS = (b'":"', b'":.'), (b'"', b".")
_text = msgspec.json.Decoder(str)


def repaired(body: bytes) -> bytes | None:
    """The same JSON with a mark for all that cannot be read; None where it cannot be told what to mark."""
    body = body.removeprefix(_BYTE_ORDER_MARK)
    for _ in range(_MOST_ITEMS):
        try:
            return _with_marks(body, _Scan().spans_of(body))
        except MismatchError as error:
            items = damaged_items(body, error, _flaws_in)
            if not items:
                return _with_marks(body, error.spans) if error.spans else None
        body = _with_marks(body, items)
    return None


def _flaws_in(body: bytes) -> int | None:
    """How many values cannot be read; None where brackets do not match."""
    try:
        return len(_Scan().spans_of(body))
    except MismatchError:
        return None


def break_of(body: bytes) -> str:
    """Where the brackets of a body stop to match, in a few words without anything of its content."""
    try:
        _Scan().spans_of(body)
    except MismatchError as error:
        return f"{error} at byte {error.at} of {len(body)}"
    return ""


def _with_marks(body: bytes, spans: Sequence[Span]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for span in spans:
        mark = marked(as_received(body[span.start : span.end])).encode()
        written = b',"%b,"' % mark if span.lacks_comma else b'"%b"' % mark
        pieces += [body[at : span.start], written, b":null" if span.has_no_name else b""]
        at = span.end
    return b"".join([*pieces, body[at:]])


def marked(value: bytes) -> str:
    """The mark that stands for an unreadable value: a text from which its bytes can be had again."""
    return f"{_MARK}{value.hex()}~"


def is_marked(value: object) -> bool:
    """Whether a value that was read from a page is, or holds, the mark of one that could not be read."""
    return isinstance(value, str) and _MARK in value


def as_received(raw: bytes) -> bytes:
    """The bytes of a record as they came, with the values that its marks stand for."""
    return _MARKED.sub(lambda found: bytes.fromhex((found[1] or found[3]).decode()), raw) if MARK in raw else raw


@dataclass(slots=True)
class _Container:
    """An open object or list: where it and its present member begin, and what that member holds.

    `kinds` has `"` for a text, `:`, and `.` for any other value; `places` says where each of them lies. `items`
    are the places of the objects in a list, `closings` what ends it and all around it.
    """

    closing: bytes
    closings: bytes
    start: int
    member_from: int
    kinds: bytes = b""
    places: list[tuple[int, int]] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    is_first: bool = True

    def note(self, kind: bytes, start: int, end: int) -> None:
        """Add what was found to the present member."""
        self.kinds += kind
        self.places.append((start, end))

    def end_member(self, at: int, *, is_last: bool) -> Span | None:
        """Begin the next member behind the place; the span of the present one as far as it is none."""
        kinds, places = self.kinds, self.places or [(self.member_from, self.member_from)]
        is_empty, self.is_first = is_last and self.is_first and not kinds, False
        self.kinds, self.places, self.member_from = b"", [], at + 1
        is_object = self.closing == b"}"
        if is_empty or kinds in (_MEMBERS if is_object else _ITEMS):
            return None
        if is_object and kinds.startswith(b'":') and len(kinds) > 2:
            return Span(places[2][0], places[-1][1])
        return Span(places[0][0], places[-1][1], has_no_name=is_object)


class _Scan:
    """One pass over the tokens of a page."""

    def __init__(self) -> None:
        self._body = b""
        self._open = [_Container(b"", b"", 0, 0)]
        self._ended: dict[int, _Container] = {}
        self._spans: list[Span] = []

    def spans_of(self, body: bytes) -> list[Span]:
        """What no decoder takes, in its order; `MismatchError` where brackets do not match."""
        self._body = body
        for found in _TOKEN.finditer(body):
            self._take(found[0], *found.span())
        if len(self._open) > 1:
            raise MismatchError("the text is cut off", len(body), self._suspects())
        if len(self._open[0].places) > 1:
            raise MismatchError("something stands behind the end", self._open[0].places[1][0], self._suspects())
        for span in self._spans:
            suspects = self._around(span)
            if any(item.is_among(body, span.start, span.end) for item in suspects):
                raise MismatchError("the quotes do not match", span.start, suspects, self._spans)
        return self._spans

    def _around(self, span: Span) -> list[Suspect]:
        """The item of the outermost list in which the span lies."""
        with_items = [depth for depth, found in self._ended.items() if found.items]
        if not with_items:
            return []
        listed = self._ended[min(with_items)]
        before = [start for start in listed.items if start <= span.start]
        return [Suspect(start, listed.items[0], listed.closings) for start in before[-1:]]

    def _suspects(self) -> list[Suspect]:
        """The items that may be what does not match: the last ones of the outermost list.

        That list may have ended too early by what is wrong with its last item.
        """
        within = {**dict(enumerate(self._open)), **self._ended}
        lists = [within[depth] for depth in sorted(within) if within[depth].closing == b"]"]
        with_items = next((found for found in lists if found.items), None)
        suspects = [
            Suspect(found.start + 1, found.start + 1, found.closings)
            for found in lists[:1]
            if not found.items or self._body[found.start + 1 : found.items[0]].strip()
        ]
        if with_items:
            items = with_items.items
            suspects += [Suspect(start, items[0], with_items.closings) for start in items[:-3:-1]]
        return suspects

    def _take(self, token: bytes, start: int, end: int) -> None:
        within = self._open[-1]
        if token in b"{[":
            if token == b"{" and within.closing == b"]":
                within.items.append(start)
            closing = b"}" if token == b"{" else b"]"
            self._open.append(_Container(closing, within.closings + closing, start, end))
        elif token == b"," and within.closing:
            self._add(within.end_member(start, is_last=False))
        elif token in b"]}":
            self._close(token, end)
        else:
            within.note(token if token == b":" else b'"' if token[:1] == b'"' else b".", start, end)
            if token != b":" and not _is_readable(token):
                self._add(Span(start, end))

    def _close(self, token: bytes, end: int) -> None:
        if token != self._open[-1].closing:
            raise MismatchError("the brackets do not match", end - 1, self._suspects())
        within = self._open.pop()
        if token == b"]" and not self._open[0].places and (within.items or len(self._open) not in self._ended):
            self._ended[len(self._open)] = within
        self._add(within.end_member(end, is_last=True))
        if len(self._open) > _DEEPEST:
            self._add(Span(within.start, end))
        self._open[-1].note(b".", within.start, end)

    def _add(self, span: Span | None) -> None:
        """Add a span in the place of those that lie in it."""
        if span is None:
            return
        while self._spans and self._spans[-1].start >= span.start:
            self._spans.pop()
        self._spans.append(span)


def _is_readable(token: bytes) -> bool:
    if token[:1] != b'"':
        return _WORD.fullmatch(token) is not None
    try:
        _text.decode(token)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
