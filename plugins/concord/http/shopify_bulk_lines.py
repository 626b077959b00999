"""The file of a bulk operation: what to ask for, and how its flat lines become nested records again.

Children of a connection stand in lines of their own, in any order, and name their parent by `__parentId`. A
connection below a list cannot be asked for in bulk at all; such a field is looked up beside.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import msgspec

from concord.contract import Resource
from concord.fields import Field
from concord.http.selection import select_fields
from concord.http.shopify_bulk_jobs import Operation

Line = dict[str, msgspec.Raw]

_CONNECTION = re.compile(r"\w+ ?(?:\([^()]*\))? ?\{nodes \{(?P<node>.*)\} pageInfo \{hasNextPage\}\}", re.DOTALL)
_HEAD = re.compile(r"\w+ ?(?:\([^()]*\))?")
_PARENT = "__parentId"
_line = msgspec.json.Decoder(Line)
_text = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class Shape:
    """How the fields of a resource are had: inline, `children` by their lines, `beside` by a look-up."""

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
    """The global id of a record."""
    return _text.decode(line["id"])


def count_children(file: BinaryIO, job: Operation) -> Counter[str]:
    """How many children each parent has; `ValueError` for a file that is not all that the operation told."""
    children: Counter[str] = Counter()
    roots: set[str] = set()
    for line in _lines(file):
        if _PARENT in line:
            children[_text.decode(line[_PARENT])] += 1
        else:
            roots.add(id_of(line))
    _agree("records", len(roots), job.root_object_count)
    _agree("lines", len(roots) + children.total(), job.object_count)
    if not children.keys() <= roots:
        raise ValueError("it holds children whose parent is missing")
    return children


def _agree(what: str, found: int, told: int | str | None) -> None:
    if told is not None and int(told) != found:
        raise ValueError(f"it holds {found} {what} where {told} were announced")


def nested(file: BinaryIO, shape: Shape, expected: Counter[str]) -> Iterator[Line]:
    """The records, each as soon as its last child has come by; only those in between are kept in memory."""
    parents: dict[str, Line] = {}
    waiting: dict[str, list[Line]] = {}
    for line in _lines(file):
        parent = line.pop(_PARENT, None)
        key = id_of(line) if parent is None else _text.decode(parent)
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
    """The lines as objects; `ValueError` (of which msgspec's are) where one is cut off."""
    file.seek(0)
    for raw in file:
        if raw.strip():
            yield _line.decode(raw)
