"""Holds the records that were set aside against those that the world broke."""

from collections.abc import Collection
from typing import LiteralString

from concord.demo.breaks import BreakVerdict
from concord.store.engine import PLANNER, Database
from sandbox.world import World

_OPEN: LiteralString = "select system, record_key from ops.dead_letters where state = 'open'"
_CAUSE = "set aside"


def check_letters(world: World, systems: Collection[str], database: Database) -> BreakVerdict:
    """Compare the open dead letters with the records that no system should have taken."""
    names = [item["record"].split("/", 2) for item in world.truth.quarantine]
    planted = {(f"{system} record", key, _CAUSE) for system, _, key in names if system in systems}
    with database.transaction(PLANNER) as connection:
        found = {(f"{system} record", str(key), _CAUSE) for system, key in connection.execute(_OPEN)}
    return BreakVerdict.of(planted, found)
