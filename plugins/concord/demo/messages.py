"""What the old shop's programs were told: one message is right for a customer whose name is wrong there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.world import World

Row = Mapping[str, Any]
_LINES = {"name_line_1", "name_line_2"}


def judge_messages(world: World, inbox: Iterable[Row]) -> Iterator[tuple[bool, str]]:
    """Each new message: whether it is right, and what it is."""
    customers = {row["cusno"]: row for row in world.records("legacy_sql", "customers")}
    known = {row["msg_id"] for row in world.records("legacy_sql", "inbox")}
    told: set[str] = set()
    for row in inbox:
        if row["msg_id"] in known:
            continue
        key = row["entkey"].strip()
        customer = customers.get(key)
        is_meant = row["entity"] == "CUSTOMER" and customer is not None and key not in told
        told.add(key)
        is_right = is_meant and customer is not None and _corrects(world, customer, row["payload"])
        yield is_right, f"inbox {row['msg_id']} for {row['entity']} {key} was created"


def _corrects(world: World, customer: Row, payload: str) -> bool:
    """Whether the message says the customer's name, and the old shop does not."""
    said = _read_lines(payload)
    owner = world.truth.entity_of("legacy_sql", "customers", customer["cusno"])
    if said is None or owner is None:
        return False
    names = [_name_of(customer["custyp"], *lines) for lines in ((customer["cunam1"], customer["cunam2"]), said)]
    return [world.truth.is_right(owner, "customer_name", name) for name in names] == [False, True]


def _read_lines(payload: str) -> tuple[str, str] | None:
    try:
        said = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.keys() != _LINES:
        return None
    return str(said["name_line_1"]), str(said["name_line_2"])


def _name_of(customer_type: str, first_line: str, second_line: str) -> str:
    """The lines of a company as they follow; of a person the surname comes first."""
    return f"{first_line} {second_line}" if customer_type == "B" else f"{second_line} {first_line}"
