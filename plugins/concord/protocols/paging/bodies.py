"""The body of a page: its records verbatim, and the values by which a list goes on.

The decoder knows only the wanted paths and skips the rest of a page. `get_at` would need all of the page as Python
values, which takes several times as long for a page of thousands of records.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Page
from concord.contract.fields import split_path


@dataclass(frozen=True, slots=True)
class Body:
    """The parts of a body that were asked for; what it lacks is `msgspec.UNSET`.

    `found` are the records, or the one record; `next`, `total` and `more` are what a pager looks at.
    """

    found: Any
    next: Any = msgspec.UNSET
    total: Any = msgspec.UNSET
    more: Any = msgspec.UNSET


def decoder_of(records: str, *, kind: Any = Page, **paths: str) -> Callable[[bytes], Body]:
    """A decoder that takes the records at their dotted path out of a body, and other values at theirs.

    `records` is empty where the body is the list; `kind` is the type of what is found there. The decoder raises
    `msgspec.DecodeError` for a body without the path to the records.
    """
    if not records:
        plain = msgspec.json.Decoder(kind)
        return lambda body: Body(plain.decode(body))
    tree: dict[str, Any] = {}
    _plant(tree, split_path(records), kind)
    wanted = {name: split_path(path) for name, path in paths.items()}
    for parts in wanted.values():
        _plant(tree, parts, Any)
    envelope = msgspec.json.Decoder(_struct_of(tree, split_path(records)))

    def decode(body: bytes) -> Body:
        content = envelope.decode(body)
        values = {name: _at(content, parts) for name, parts in wanted.items()}
        return Body(_at(content, split_path(records)), **values)

    return decode


def _plant(tree: dict[str, Any], parts: list[str], kind: Any) -> None:
    *above, last = parts
    for part in above:
        tree = tree.setdefault(part, {})
    tree[last] = kind


def _struct_of(tree: Mapping[str, Any], needed: list[str]) -> Any:
    """A type for the tree; only the way to the records must be there."""
    members: list[Any] = []
    renamed = {}
    for number, (name, below) in enumerate(tree.items()):
        is_needed = name in needed[:1]
        kind = _struct_of(below, needed[1:] if is_needed else []) if isinstance(below, dict) else below
        members.append((f"m{number}", kind) if is_needed else (f"m{number}", kind | None, msgspec.UNSET))
        renamed[f"m{number}"] = name
    return msgspec.defstruct("Level", members, rename=renamed, namespace={"names": tuple(tree)})


def _at(content: Any, parts: list[str]) -> Any:
    for part in parts:
        if content is None or content is msgspec.UNSET:
            return msgspec.UNSET
        content = getattr(content, f"m{content.names.index(part)}")
    return content
