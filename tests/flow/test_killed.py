"""A step may be killed at any border and run again: the end is that of a night that was never disturbed.

A handful of borders by default; with CONCORD_EVERY_FAILPOINT=1 all of them at every system.
"""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from concord.failpoints import FAILPOINTS, VARIABLE
from tests.flow.conftest import EMPTY, ENDED, RECONCILED, Begin
from tests.flow.night import Night
from tests.flow.steps import STEPS, describe
from tests.flow.vendors import SANDBOX, Vendors
from tests.flow.warehouse import CLOCKS, Dump, count_rows, dump

pytestmark = pytest.mark.flow

REPOSITORY = Path(__file__).resolve().parents[2]
OF_STEP = {"extract": "read", "validate": "read", "identify": "identify", "undo": "undo"}
BEGINS_AT = {"read": EMPTY, "identify": RECONCILED, "undo": ENDED, "write_back": RECONCILED}
ELSEWHERE = ("replay.",)  # in tests/store
SOME = (
    ("shopify", "extract.before_commit"),
    ("salesforce", "validate.before_commit"),
    ("tryton", "validate.after_commit"),
    ("tryton", "identify.after_clusters"),
    ("tryton", "apply.after_sent"),
    ("tryton", "apply.after_call"),
    ("salesforce", "apply.after_call"),
    ("shopify", "apply.after_outcomes"),
    ("shopify", "verify.after_landing"),
    ("salesforce", "undo.after_changes"),
)
EVERY = tuple(
    (system, name) for name in FAILPOINTS if not name.startswith(ELSEWHERE) for system in (*SANDBOX, "tryton")
)
# Reached only where a write's answer was lost, which a kill brings about by itself.
IN_SETTLING = ("settle.",)
CASES = EVERY if os.environ.get("CONCORD_EVERY_FAILPOINT") else SOME
KEPT = ("landing", "validated", "ops.dispositions", "ops.batches", "ops.identities", "ops.dead_letters")
PLANS = ("ops.plans", "ops.changes")
ATTEMPTS = frozenset({"attempts", "message", "created_at", "ended_at"})
MOVING = frozenset({"lock_stamp", "changed_at", "updated_at", "_modified_at", "_payload_hash", "_payload"})


def step_of(failpoint: str) -> str:
    return OF_STEP.get(failpoint.split(".", 1)[0], "write_back")


def end_of(night: Night, vendors: Vendors, system: str) -> tuple[Dump, object, object]:
    """Everything a step leaves behind in the warehouse and at the vendor, clocks and attempts aside."""
    without = CLOCKS | ATTEMPTS | MOVING | {"guard"}
    effects = vendors.effects(system) if system in SANDBOX else {}
    return dump(night.database.url, *KEPT, *PLANS, without=without), vendors.contents(system), effects


def run_until_killed(night: Night, step: str, system: str, *, until: datetime, failpoint: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.flow.steps", step, system, describe(night, until)],
        cwd=REPOSITORY,
        env={**os.environ, VARIABLE: failpoint},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (finished.returncode, failpoint in finished.stderr) == (137, True), finished.stderr[-2000:]


@pytest.fixture(scope="session")
def calm_ends() -> dict[tuple[str, str], object]:
    """The ends of steps that nothing disturbed, worked out once each."""
    return {}


@pytest.mark.parametrize(("system", "failpoint"), CASES)
def test_a_step_killed_anywhere_ends_as_if_it_never_was(
    begin: Begin,
    vendors: Vendors,
    as_of: datetime,
    calm_ends: dict[tuple[str, str], object],
    system: str,
    failpoint: str,
) -> None:
    step = step_of(failpoint)
    if (step, system) not in calm_ends:
        night = begin(BEGINS_AT[step])
        STEPS[step](night, system, as_of)
        calm_ends[step, system] = end_of(night, vendors, system)
    night = begin(BEGINS_AT[step])
    run_until_killed(night, step, system, until=as_of, failpoint=failpoint)
    STEPS[step](night, system, as_of)
    end = end_of(night, vendors, system)
    assert count_rows(end[0]) > 50
    assert end == calm_ends[step, system]
