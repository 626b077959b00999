"""The steps of a night as a separate program, so that a test can kill it at a named failpoint.

python -m tests.flow.steps STEP SYSTEM ARGUMENTS, the last as JSON
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from concord.settings import Connection, Settings
from concord.stages.reconcile.identify import identify
from tests.flow.night import FIRST, Night

UNDO = "undo 1"


def read(night: Night, system: str, until: datetime) -> None:
    for resource in night.systems[system].resources[:1]:
        night.read(system, resource.name, until)


def write_back(night: Night, system: str, _: datetime) -> None:
    night.write_back(system, FIRST)


def undo(night: Night, system: str, _: datetime) -> None:
    ((plan_id,),) = night.rows("select plan_id from ops.plans where system = %s and run_id = %s", system, FIRST)
    night.carry_out(system, night.undo(system, plan_id, UNDO).plan_id)


def identities(night: Night, _: str, __: datetime) -> None:
    identify(night.database, run_id=FIRST)


STEPS: Mapping[str, Callable[[Night, str, datetime], None]] = {
    "read": read,
    "write_back": write_back,
    "undo": undo,
    "identify": identities,
}


def describe(night: Night, until: datetime) -> str:
    """A night as the arguments of this program."""
    connections = {name: asdict(connection) for name, connection in night.connections.items()}
    where = {"warehouse": night.settings.warehouse_url, "home": str(night.settings.home)}
    return json.dumps({**where, "connections": connections, "until": until.isoformat()})


def main(arguments: list[str]) -> None:
    step, system, text = arguments
    given: dict[str, Any] = json.loads(text)
    home = Path(given["home"])
    connections = {name: Connection(**parts) for name, parts in given["connections"].items()}
    night = Night(Settings(warehouse_url=given["warehouse"], home=home, reports=home), connections)
    STEPS[step](night, system, datetime.fromisoformat(given["until"]))


if __name__ == "__main__":
    main(sys.argv[1:])
