"""The fields a GraphQL query asks for, built from the declared paths."""

import re
from collections.abc import Iterable, Mapping

from concord.contract import Field

_ALIAS = re.compile(r"\w+\s*:\s*(?P<name>\w+)")
_Tree = dict[str, "_Tree | str"]


def select_fields(fields: Iterable[Field], arguments: Mapping[str, str] | None = None) -> str:
    """A selection that covers every field once; `arguments` go behind the dotted path they are given for."""
    tree: _Tree = {}
    for item in fields:
        branch = tree
        for part in item.parts[:-1]:
            below = branch.setdefault(part, {})
            assert isinstance(below, dict), f"{item.path} lies within a path that has a selection of its own"
            branch = below
        branch.setdefault(item.parts[-1], item.select)
    return _written(tree, arguments or {}, "")


def selected_path(field: Field) -> str:
    """The path of a field as the schema has it; an alias in its selection is a name of ours."""
    alias = _ALIAS.match(field.select)
    return ".".join((*field.parts[:-1], alias["name"])) if alias else field.path


def _written(tree: _Tree, arguments: Mapping[str, str], above: str) -> str:
    words = []
    for name, below in tree.items():
        path = f"{above}{name}"
        if isinstance(below, str):
            words.append(below or name)
        else:
            words.append(f"{name}{arguments.get(path, '')} {{{_written(below, arguments, f'{path}.')}}}")
    return " ".join(words)
