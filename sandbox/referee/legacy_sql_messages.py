"""Judges the messages that Concord left in the inbox of the old shop.

A message is right when it corrects the name of a customer whose name is wrong there, and is the only one for them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.world import World

Row = Mapping[str, Any]
_LINES = {"name_line_1", "name_line_2"}


def judge_messages(world: World, inbox: Iterable[Row]) -> Iterator[tuple[bool, str]]:
    """Each new message of the inbox: whether it is right, and a description of it."""
    customers = {row["cusno"]: row for row in world.records("legacy_sql", "customers")}
    known = {row["msg_id"] for row in world.records("legacy_sql", "inbox")}
    seen: set[str] = set()
    for row in inbox:
        if row["msg_id"] in known:
            continue
        key = row["entkey"].strip()
        customer = customers.get(key)
        is_meant = row["entity"] == "CUSTOMER" and customer is not None and key not in seen
        seen.add(key)
        is_right = is_meant and customer is not None and _corrects(world, customer, row["payload"])
        yield is_right, f"inbox {row['msg_id']} for {row['entity']} {key} was created"


def _corrects(world: World, customer: Row, payload: str) -> bool:
    """Whether the message holds the customer's true name while the old shop holds another."""
    lines = _read_lines(payload)
    owner = world.truth.entity_of("legacy_sql", "customers", customer["cusno"])
    if lines is None or owner is None:
        return False
    names = [_name_of(customer["custyp"], *pair) for pair in ((customer["cunam1"], customer["cunam2"]), lines)]
    return [world.truth.is_right(owner, "customer_name", name) for name in names] == [False, True]


def _read_lines(payload: str) -> tuple[str, str] | None:
    try:
        lines = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(lines, dict) or lines.keys() != _LINES:
        return None
    return str(lines["name_line_1"]), str(lines["name_line_2"])


def _name_of(customer_type: str, first_line: str, second_line: str) -> str:
    """The name that two lines hold: a company's in order, a person's with the surname first."""
    return f"{first_line} {second_line}" if customer_type == "B" else f"{second_line} {first_line}"
