"""The file of a bulk operation: what is selected, and how its flat lines become nested records.

Children of a connection stand in lines of their own, in any order, and name their parent by `__parentId`. A
connection below a list cannot be selected in bulk; such a field is looked up by id.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import msgspec

from concord.contract import Field, Resource
from concord.protocols.graphql.selection import select_fields
from concord.protocols.repair import is_marked, marked, repaired
from concord.protocols.session.download import read_lines
from concord.protocols.values import UNREADABLE
from concord.systems.shopify.bulk_jobs import Operation

Line = dict[str, msgspec.Raw]

_CONNECTION = re.compile(
    r"\w+ ?(?:\([^()]*\))? ?\{nodes \{(?P<node>.*)\} pageInfo \{hasNextPage endCursor\}\}", re.DOTALL
)
_HEAD = re.compile(r"\w+ ?(?:\([^()]*\))?")
_PARENT = "__parentId"
_UNREADABLE = "unreadable"
_line = msgspec.json.Decoder(Line)
_text = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class Shape:
    """How fields are read: `inline` in the record's line, `children` by their own lines, `beside` by look-up."""

    inline: tuple[Field, ...]
    children: Field | None
    beside: tuple[Field, ...]

    def selection(self, arguments: dict[str, str]) -> str:
        """What one record of the bulk query is asked for."""
        asked = [*self.inline]
        if self.children is not None:
            select = f"{self.children.path} {{edges {{node {{{self._node}}}}}}}"
            asked.append(replace(self.children, select=select))
        for item in self.beside:
            head = _HEAD.match(item.select)
            asked.append(replace(item, select=f"{head[0] if head else item.path} {{id}}"))
        return select_fields(asked, arguments)

    @property
    def _node(self) -> str:
        found = _CONNECTION.fullmatch(self.children.select) if self.children else None
        return found["node"] if found else ""


def shape_of(resource: Resource) -> Shape:
    """The shape that the declared selections of a resource ask for; fields of one path share the first's."""
    inline: list[Field] = []
    beside: list[Field] = []
    children: Field | None = None
    for item in resource.fields:
        found = _CONNECTION.fullmatch(item.select)
        if children is not None and item.path == children.path:
            continue
        if "nodes {" not in item.select:
            inline.append(item)
        elif children is None and found and "nodes {" not in found["node"]:
            children = item
        else:
            beside.append(item)
    return Shape(tuple(inline), children, tuple(beside))


def id_of(line: Line) -> str:
    """The global id of a record, empty where it cannot be read."""
    return _text_in(line, "id")


def _text_in(line: Line, name: str) -> str:
    try:
        text = _text.decode(line.get(name, b"null"))
    except UNREADABLE:
        return ""
    return "" if is_marked(text) or "\0" in text else text


def count_children(file: BinaryIO, job: Operation) -> Counter[str]:
    """How many children each parent has; a `ValueError` where the file lacks what the operation counted.

    A record whose id cannot be read may be the parent of children whose parent is not there, or cannot be read.
    """
    children: Counter[str] = Counter()
    roots: set[str] = set()
    nameless = 0
    for line in _lines(file):
        if _PARENT in line:
            children[_text_in(line, _PARENT)] += 1
        elif key := id_of(line):
            roots.add(key)
        else:
            nameless += 1
    _agree("records", len(roots) + nameless, job.root_object_count)
    _agree("lines", len(roots) + nameless + children.total(), job.object_count)
    if len(children.keys() - roots) > nameless:
        raise ValueError("it holds children whose parent is missing")
    return children


def _agree(what: str, found: int, announced: int | str | None) -> None:
    if announced is not None and int(announced) != found:
        raise ValueError(f"it holds {found} {what} where {announced} were announced")


def nested(file: BinaryIO, shape: Shape, expected: Counter[str]) -> Iterator[Line]:
    """The records, each as soon as its last child has come by; only those in between are kept in memory."""
    parents: dict[str, Line] = {}
    waiting: dict[str, list[Line]] = {}
    for line in _lines(file):
        parent = line.pop(_PARENT, None)
        key = id_of(line) if parent is None else _text_in({_PARENT: parent}, _PARENT)
        if not key:
            if parent is None:
                yield line
            continue
        if parent is None:
            parents[key] = line
        else:
            waiting.setdefault(key, []).append(line)
        if key in parents and len(waiting.get(key, ())) == expected[key]:
            yield _with_children(parents.pop(key), shape, waiting.pop(key, []))


def _with_children(record: Line, shape: Shape, children: Iterable[Line]) -> Line:
    if shape.children is not None:
        whole = {"nodes": list(children), "pageInfo": {"hasNextPage": False}}
        record[shape.children.path] = msgspec.Raw(msgspec.json.encode(whole))
    return record


def _lines(file: BinaryIO) -> Iterator[Line]:
    """The lines as objects; what cannot be read in one of them, or the whole line, is marked."""
    return (_read_line(raw.strip()) for raw in read_lines(file) if raw.strip())


def _read_line(raw: bytes) -> Line:
    try:
        raw.decode()
        return _line.decode(raw)
    except UNREADABLE:
        mended = repaired(raw)
    try:
        return _line.decode(mended or b"")
    except UNREADABLE:
        if _PARENT.encode() in raw:
            raise ValueError("a line of it that belongs to a record cannot be read") from None
        return {_UNREADABLE: msgspec.Raw(msgspec.json.encode(marked(raw)))}
