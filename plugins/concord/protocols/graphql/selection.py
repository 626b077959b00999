"""The fields a GraphQL query asks for, built from the declared paths."""

from collections.abc import Iterable, Mapping

from concord.contract import Field

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


def _written(tree: _Tree, arguments: Mapping[str, str], above: str) -> str:
    words = []
    for name, below in tree.items():
        path = f"{above}{name}"
        if isinstance(below, str):
            words.append(below or name)
        else:
            words.append(f"{name}{arguments.get(path, '')} {{{_written(below, arguments, f'{path}.')}}}")
    return " ".join(words)
