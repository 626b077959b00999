"""Planted faults as rules: which calls they match, how many calls pass first, and how many are then affected."""

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.server.vendor import Call, Described

REFUSALS = frozenset({"status", "throttle", "expired_token", "errors", "denied", "html"})
BENT_ANSWERS = frozenset(
    {"malformed", "schema", "version", "duplicate_within", "duplicate_across", "move", "loop", "empty_page"}
    | {"shuffle", "short", "html_after", "status_after", "errors_after", "replace"}
)
BROKEN_WIRES = frozenset({"cut_before", "cut_after", "truncate", "late"})
KINDS = REFUSALS | BENT_ANSWERS | BROKEN_WIRES | {"delay", "ignore", "row_errors"}


@dataclass(slots=True)
class Rule:
    """One planted fault."""

    number: int
    fault: dict[str, Any]
    path: re.Pattern[str] | None = None
    operation: re.Pattern[str] | None = None
    method: str | None = None
    body: re.Pattern[str] | None = None
    skip: int = 0
    times: int | None = 1
    seen: int = 0
    struck: int = 0
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What goes wrong."""
        return str(self.fault["kind"])

    def matches(self, call: Call, described: Described) -> bool:
        """Whether the rule is about this call."""
        if self.method and self.method != call.method:
            return False
        if self.path and not self.path.search(call.path):
            return False
        if self.body and not self.body.search(call.body.decode("utf-8", "replace")):
            return False
        return not self.operation or any(self.operation.search(name) for name in described.operations)

    def take(self) -> bool:
        """Count a matching call; True if the fault is to be applied to it."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def shown(self) -> dict[str, Any]:
        """The rule, and how often it matched and was applied, for the tests."""
        return {"id": self.number, "fault": self.fault, "seen": self.seen, "struck": self.struck}


class Faults:
    """All rules of one vendor; the first one that matches and is due is applied."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._numbers = 0

    def plant(self, wanted: dict[str, Any]) -> Rule:
        """Add a rule; an unknown kind or match is refused: a fault that is never applied proves nothing."""
        match, fault = dict(wanted.get("match") or {}), dict(wanted["fault"])
        if fault.get("kind") not in KINDS:
            raise ValueError(f"no fault {fault.get('kind')!r}; there are {', '.join(sorted(KINDS))}")
        if unknown := (set(match) - {"path", "operation", "method", "body"}) | (
            set(wanted) - {"match", "fault", "skip", "times"}
        ):
            raise ValueError(f"a rule knows no {', '.join(sorted(unknown))}")
        self._numbers += 1
        patterns = {name: re.compile(match[name]) for name in ("path", "operation", "body") if name in match}
        rule = Rule(
            self._numbers,
            fault,
            path=patterns.get("path"),
            operation=patterns.get("operation"),
            body=patterns.get("body"),
            method=match.get("method"),
            skip=int(wanted.get("skip", 0)),
            times=wanted.get("times", 1),
        )
        self.rules.append(rule)
        return rule

    def remove(self, number: int | None = None) -> None:
        """Remove one rule, or all of them."""
        self.rules = [rule for rule in self.rules if number is not None and rule.number != number]

    def pick(self, call: Call, described: Described) -> Rule | None:
        """The rule to apply to this call; None if there is none."""
        struck = None
        for rule in self.rules:
            if struck is None and rule.matches(call, described) and rule.take():
                struck = rule
        return struck

    def watching(self, call: Call, described: Described) -> list[Rule]:
        """The rules that must keep the pages of this call to falsify a later one."""
        return [
            rule
            for rule in self.rules
            if rule.kind in ("duplicate_across", "loop") and rule.matches(call, described)
        ]
