"""Compares the open dead letters with the records that the world made unreadable."""

from collections.abc import Mapping
from typing import LiteralString

from concord.store.engine import PLANNER, Database
from sandbox.referee.break_verdict import BreakVerdict
from sandbox.world import World

_OPEN: LiteralString = "select system, record_key from ops.dead_letters where state = 'open'"
_CAUSE = "set aside"


def check_dead_letters(world: World, vendors: Mapping[str, str], database: Database) -> BreakVerdict:
    """Compare the open dead letters of systems with the records of their vendors that had to be quarantined."""
    names = [item["record"].split("/", 2) for item in world.truth.quarantine]
    planted = {(f"{system} record", key, _CAUSE) for system, _, key in names if system in vendors.values()}
    with database.transaction(PLANNER) as connection:
        found = {
            (f"{vendors.get(str(system), system)} record", str(key), _CAUSE)
            for system, key in connection.execute(_OPEN)
        }
    return BreakVerdict.of(planted, found)
