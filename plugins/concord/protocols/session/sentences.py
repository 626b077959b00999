"""What a vendor's decoded response says, as a sentence."""

from collections.abc import Mapping

from concord.contract.fields import split_path


def say_parts(content: object, path: str) -> str:
    """What decoded JSON says at a dotted path, in which a list on the way stands for each of its items."""
    found = [content]
    for part in split_path(path):
        items = [item for some in found for item in (some if isinstance(some, list) else [some])]
        found = [item[part] for item in items if isinstance(item, dict) and part in item]
    return "; ".join(dict.fromkeys(filter(None, map(say_content, found))))


def say_content(content: object) -> str:
    """What decoded JSON or XML says, in one line: each value after its name; empty where it says nothing."""
    if isinstance(content, Mapping):
        told = ((name, say_content(value)) for name, value in content.items())
        return "; ".join(f"{name}: {words}" for name, words in told if words)
    if isinstance(content, list):
        return " ".join(filter(None, map(say_content, content)))
    return "" if content is None else str(content)
