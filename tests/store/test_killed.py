"""A step may be killed at any border and run again: the result is that of an undisturbed run."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from concord.failpoints import FAILPOINTS, VARIABLE
from concord.installed import PRODUCT
from concord.local.postgres import Postgres
from concord.store.engine import TRANSFORMER
from concord.testing.databases import copy_of
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare, write_suites
from tests.store.shopfront_vendor import running_vendor
from tests.store.steps import STEPS

OF_STEP = {"extract": "ingest", "validate": "ingest", "undo": "undo", "replay": "replay", "identify": "identify"}
QUERIES = (
    """
    select purpose, entity_id, resource, action, record_key, before, after, changes.state, is_verified
    from ops.changes join ops.plans using (plan_id) order by purpose, sequence
    """,
    """
    select system, purpose, state, planned, confirmed, rejected, conflicted, unknown, held
    from ops.plans order by purpose
    """,
    "select _key, account_name, phone, _is_deleted from validated.shopfront__accounts order by 1",
    "select entity, record_key, golden_id, match_rule from ops.identities order by 1, 2",
    "select record_key, state from ops.dead_letters order by 1",
    """
    select batch_id, purpose, state, received, validated, quarantined, repeated
    from ops.batches where purpose <> 'replay' order by batch_id
    """,
)


def step_of(failpoint: str) -> str:
    return OF_STEP.get(failpoint.split(".", 1)[0], "write_back")


def end_of(trip: RoundTrip) -> tuple[object, ...]:
    """Everything that a run leaves behind, clocks and attempts aside."""
    held = {
        resource: {key: {**record, "updated": ""} for key, record in records.items()}
        for resource, records in trip.vendor.records.items()
    }
    return (*(trip.rows(query) for query in QUERIES), held, sorted(trip.vendor.effects))


def prepare_ingest(trip: RoundTrip) -> None:
    """Good and broken records, to be judged."""
    trip.vendor.put("accounts", "A-1", {"name": "Name", "phone": "1"})
    trip.vendor.put("accounts", "A-2", {"name": "x" * 70})


def prepare_write_back(trip: RoundTrip) -> None:
    """Three updates, an archive, a create and what refers to it; the first answer gets lost."""
    for number in range(1, 5):
        trip.vendor.put("accounts", f"A-{number}", {"name": f"Name {number}", "phone": str(number)})
    trip.ingest()
    for number in range(1, 4):
        trip.want("accounts", f"E-{number}", f"A-{number}", phone=f"+49{number}")
    trip.want("accounts", "E-4", "A-4", phone="+494", is_deleted=True)
    trip.want("accounts", "E-9", None, account_name="New", concord_id="E-9")
    trip.want("contacts", "E-9:c", None, account_source_id="@accounts/E-9", email="n@x.de")
    trip.vendor.faults = ["cut_after"]


def prepare_undo(trip: RoundTrip) -> None:
    prepare_write_back(trip)
    trip.write_back()


def prepare_replay(trip: RoundTrip) -> None:
    trip.vendor.put("accounts", "A-1", {"name": "x" * 70})
    trip.vendor.put("accounts", "A-2", {"name": "y" * 170})
    trip.ingest()
    write_suites(trip.suites, longest=100)


def prepare_identify(trip: RoundTrip) -> None:
    with trip.database.transaction(TRANSFORMER) as connection:
        for models in ("int_customers", "int_products"):
            connection.execute(
                f"create table intermediate.{models}__unioned (system, record_key) "
                "as values ('a', '1'), ('b', '2');"
                f"create table intermediate.{models}__linked (left_system, left_key, right_system, "
                "right_key, match_rule, match_confidence) as values ('a', '1', 'b', '2', 'email', 0.9)"
            )


PREPARE: dict[str, Callable[[RoundTrip], None]] = {
    "ingest": prepare_ingest,
    "write_back": prepare_write_back,
    "undo": prepare_undo,
    "replay": prepare_replay,
    "identify": prepare_identify,
}


@contextmanager
def prepared(postgres: Postgres, template: str, folder: Path, step: str) -> Iterator[RoundTrip]:
    system = declare(size=2, concurrency=1)
    with running_vendor() as vendor, copy_of(postgres, template) as url:
        trip = RoundTrip(url, vendor, folder, system).prepare()
        PREPARE[step](trip)
        yield trip


@pytest.fixture(scope="module")
def undisturbed(
    postgres: Postgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[object, ...]]:
    """The end of each step when nothing disturbs it."""
    ends: dict[str, Any] = {}
    for step, run in STEPS.items():
        with prepared(postgres, template, tmp_path_factory.mktemp("suites"), step) as trip:
            run(trip)
            ends[step] = end_of(trip)
    return ends


def run_until_killed(trip: RoundTrip, step: str, failpoint: str) -> subprocess.CompletedProcess[str]:
    arguments = [step, trip.database.url, trip.vendor.url, str(trip.suites)]
    return subprocess.run(
        [sys.executable, "-m", "tests.store.steps", *arguments],
        cwd=PRODUCT,
        env={**os.environ, VARIABLE: failpoint},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_run_killed_anywhere_ends_as_if_it_never_was(
    postgres: Postgres,
    template: str,
    tmp_path: Path,
    undisturbed: dict[str, tuple[object, ...]],
    failpoint: str,
) -> None:
    step = step_of(failpoint)
    with prepared(postgres, template, tmp_path, step) as trip:
        killed = run_until_killed(trip, step, failpoint)
        assert (killed.returncode, failpoint in killed.stderr) == (137, True), killed.stderr[-2000:]
        STEPS[step](trip)
        assert end_of(trip) == undisturbed[step]
