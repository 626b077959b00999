"""The steps of a night as a separate program, so that a test can kill it at a named failpoint.

python -m tests.store.steps STEP DATABASE_URL VENDOR_URL SUITES
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from concord.stages.reconcile.identify import identify
from concord.stages.replay.replay_dead_letters import DeadLetters, replay_kept_payloads
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare


@dataclass
class Remote:
    """The vendor as another process sees it."""

    url: str


def write_back(trip: RoundTrip) -> None:
    trip.write_back()


def undo(trip: RoundTrip) -> None:
    ((plan_id,),) = trip.rows("select plan_id from ops.plans where purpose = 'write_back'")
    trip.carry_out(trip.undo(str(plan_id)).plan_id)


def replay(trip: RoundTrip) -> None:
    ids = tuple(str(row[0]) for row in trip.rows("select dead_letter_id from ops.dead_letters"))
    letters = DeadLetters(trip.system, trip.system.resource("accounts"), ids)
    replay_kept_payloads(trip.database, letters, suites=trip.suites)


def identities(trip: RoundTrip) -> None:
    identify(trip.database, run_id="night 1")


def ingest(trip: RoundTrip) -> None:
    trip.ingest()


STEPS = {"ingest": ingest, "write_back": write_back, "undo": undo, "replay": replay, "identify": identities}


def main(arguments: list[str]) -> None:
    step, database, vendor, suites = arguments
    remote = cast("Any", Remote(vendor))
    STEPS[step](RoundTrip(database, remote, Path(suites), declare(size=2, concurrency=1)))


if __name__ == "__main__":
    main(sys.argv[1:])
