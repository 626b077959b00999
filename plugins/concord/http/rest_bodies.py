"""What the bodies of REST answers hold: the records, and where a list goes on, without a look at the rest."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from concord.contract import Page
from concord.fields import split_path

KEY = "{key}"
_NEXT_LINK = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """The parts of a body that were asked for; what it lacks is `msgspec.UNSET`."""

    found: Any
    next: Any = msgspec.UNSET
    total: Any = msgspec.UNSET
    more: Any = msgspec.UNSET


def next_link(header: str) -> str | None:
    """The address of the next page in a Link header."""
    found = _NEXT_LINK.search(header)
    return found.group(1) if found else None


def address_of(template: str, key: str) -> str:
    """The path of one record; a key that is an address stays as it is."""
    return key if template == KEY else template.replace(KEY, quote(key, safe=""))


def decoder_of(records: str, *, kind: Any = Page, **places: str) -> Callable[[bytes], Body]:
    """A decoder that takes the records at their dotted place out of a body, and other values at theirs."""
    if not records:
        plain = msgspec.json.Decoder(kind)
        return lambda body: Body(plain.decode(body))
    tree: dict[str, Any] = {}
    _plant(tree, split_path(records), kind)
    wanted = {name: split_path(place) for name, place in places.items() if place}
    for parts in wanted.values():
        _plant(tree, parts, Any)
    envelope = msgspec.json.Decoder(_struct_of(tree, split_path(records)))

    def decode(body: bytes) -> Body:
        answer = envelope.decode(body)
        values = {name: _at(answer, parts) for name, parts in wanted.items()}
        return Body(_at(answer, split_path(records)), **values)

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


def _at(answer: Any, parts: list[str]) -> Any:
    for part in parts:
        if answer is None or answer is msgspec.UNSET:
            return msgspec.UNSET
        answer = getattr(answer, f"m{answer.names.index(part)}")
    return answer


def words_in(body: bytes, place: str = "") -> str:
    """What a refusal says, however its JSON is shaped; empty where it says nothing that can be read."""
    try:
        content = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    for part in split_path(place) if place else ():
        content = content.get(part) if isinstance(content, Mapping) else None
    return _words(content)


def _words(content: object) -> str:
    if isinstance(content, Mapping):
        told = ((name, _words(value)) for name, value in content.items())
        return "; ".join(f"{name}: {words}" for name, words in told if words)
    if isinstance(content, list):
        return " ".join(filter(None, map(_words, content)))
    return "" if content is None else str(content)
