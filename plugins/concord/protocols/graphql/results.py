"""Where the value of a root field says that it is a refusal: a member of a union, a list of errors, or a flag.

Such refusals come with status 200 and beside no `errors`: https://spec.graphql.org/October2021/#sec-Unions
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract.fields import split_path
from concord.errors import ConcordError, ContractError
from concord.protocols.graphql.api import GraphQLRules, Refusal
from concord.protocols.values import get_at

_TYPE, _CODE, _REASON = "__typename", "refusalCode", "refusalReason"


@dataclass(frozen=True, slots=True)
class Result:
    """What the value of a root field says of its success, for lists, single records and mutations alike.

    - A union: `type` is its member that is a success, `error_types` are the types or interfaces of its errors.
    - A list of errors beside the record: `errors` is its dotted path, such as `userErrors`.
    - A flag: `done` is the dotted path of what is true in a success, such as `ok`, or a code that is one of
      `done_codes`.

    `code` and `reason` are the names of the fields in which an error (with `done`: the value itself) says what is
    wrong, empty where it has none. What a code means is in the rules of the `GraphQLApi`.
    """

    type: str = ""
    error_types: tuple[str, ...] = ()
    errors: str = ""
    done: str = ""
    done_codes: frozenset[str] = frozenset()
    code: str = "code"
    reason: str = "message"

    def __post_init__(self) -> None:
        if sum(map(bool, (self.type, self.errors, self.done))) > 1 or bool(self.error_types) > bool(self.type):
            raise ContractError("A Result is a union (`type`), has `errors`, or a flag `done`; declare one.")

    def select(self, text: str) -> str:
        """The selection `text` of a success, with what tells a refusal."""
        said = " ".join(f"{alias}: {name}" for alias, name in ((_CODE, self.code), (_REASON, self.reason)) if name)
        if self.type:
            errors = " ".join(f"... on {name} {{{said}}}" for name in self.error_types if said)
            return f"{_TYPE} ... on {self.type} {{{text}}} {errors}"
        if self.errors:
            return f"{text} {_nested(self.errors, said)}"
        return f"{text} {_nested(self.done, '')} {said}" if self.done else text

    def check(self, value: object, rules: GraphQLRules, *, is_write: bool = False) -> None:
        """Raise the error of ours where the value of the root field is a refusal."""
        refused = [error for error in self._refusals(value) if isinstance(error, dict)]
        if refused:
            codes = [str(error.get(_CODE) or error.get(_TYPE) or "") for error in refused]
            raise self._error(codes, "; ".join(map(_said, refused)), rules, is_write=is_write)

    def _error(self, codes: list[str], reasons: str, rules: GraphQLRules, *, is_write: bool) -> ConcordError:
        is_failure = any(code and code in rules.transient_codes for code in codes)
        refusal = Refusal(codes, reasons or "no reason given", is_failure=is_failure)
        return refusal.error(rules, is_write=is_write)

    def _refusals(self, value: object) -> list[Any]:
        if not isinstance(value, dict):
            return []
        if self.type:
            return [] if value.get(_TYPE) == self.type else [value]
        if self.errors:
            return list(get_at(value, self.errors) or [])
        done = get_at(value, self.done) if self.done else True
        is_done = str(done) in self.done_codes if self.done_codes else bool(done)
        return [] if is_done else [value]


def _nested(path: str, text: str) -> str:
    """The selection of a dotted path, with `text` as what is selected there."""
    *above, last = split_path(path)
    selected = f"{last} {{{text}}}" if text else last
    for part in reversed(above):
        selected = f"{part} {{{selected}}}"
    return selected


def decode_value(raw: msgspec.Raw | None) -> Any:
    """The value of a root field; that of a list with one member is the member."""
    value = msgspec.json.decode(raw) if raw is not None else None
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def tree_of(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Values at dotted paths as the tree of a call's variables; the first part of a path is the argument."""
    tree: dict[str, Any] = {}
    for path, value in arguments.items():
        *above, last = split_path(path)
        branch = tree
        for part in above:
            branch = branch.setdefault(part, {})
        branch[last] = value
    return tree


def _said(error: Mapping[str, Any]) -> str:
    """The reason of a refusal in words, with its code behind it."""
    code, reason = (str(error.get(name) or "") for name in (_CODE, _REASON))
    return f"{reason} ({code})" if code and reason else code or reason
