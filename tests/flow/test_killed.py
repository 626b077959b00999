"""A step may be killed at any border and run again: the result is that of an undisturbed night.

A handful of borders by default; with CONCORD_EVERY_FAILPOINT=1 all of them at every system.
"""

import os
import re
import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest

from concord.failpoints import FAILPOINTS, VARIABLE
from concord.installed import PRODUCT
from tests.flow.conftest import EMPTY, ENDED, RECONCILED, Begin
from tests.flow.night import Night
from tests.flow.steps import STEPS, describe
from tests.flow.vendors import SANDBOX, Vendors
from tests.flow.warehouse import CLOCKS, Dump, count_rows, dump

pytestmark = pytest.mark.flow

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
    ("salesforce", "settle.after_read"),
    ("shopify", "verify.after_landing"),
    ("salesforce", "undo.after_changes"),
)
EVERY = tuple(
    (system, name) for name in FAILPOINTS if not name.startswith(ELSEWHERE) for system in (*SANDBOX, "tryton")
)
LOST_ANSWERS = {"shopify": "Update$", "salesforce": "^collection_update"}
CASES = EVERY if os.environ.get("CONCORD_EVERY_FAILPOINT") else SOME
KEPT = ("landing", "validated", "ops.dispositions", "ops.batches", "ops.identities", "ops.dead_letters")
PLANS = ("ops.plans", "ops.changes")
ATTEMPTS = frozenset({"attempts", "message", "created_at", "ended_at"})
MOMENT = re.compile(r'(?<="updatedAt":")[^"]*')
MOVING = frozenset({"lock_stamp", "changed_at", "updated_at", "_modified_at", "_payload_hash", "_payload"})


End = tuple[Dump, object, object]
CalmEnds = dict[tuple[str, str], End]


def step_of(failpoint: str) -> str:
    return OF_STEP.get(failpoint.split(".", 1)[0], "write_back")


def end_of(night: Night, vendors: Vendors, system: str) -> End:
    """Everything a step leaves behind in the warehouse and at the vendor, clocks and attempts aside."""
    without = CLOCKS | ATTEMPTS | MOVING | {"guard"}
    effects = vendors.effects(system) if system in SANDBOX else {}
    found = dump(night.database.url, *KEPT, *PLANS, without=without)
    landed = {name: rows for name, rows in found.items() if name.startswith("landing.")}
    return (
        {**found, **{name: without_moments(rows) for name, rows in landed.items()}},
        vendors.contents(system),
        effects,
    )


def without_moments(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """As landed, a stock level carries the moment of its last change inside."""
    return [tuple(MOMENT.sub("", value) if value else value for value in row) for row in rows]


def run_until_killed(night: Night, step: str, system: str, *, until: datetime, failpoint: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.flow.steps", step, system, describe(night, until)],
        cwd=PRODUCT,
        env={**os.environ, VARIABLE: failpoint},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (finished.returncode, failpoint in finished.stderr) == (137, True), finished.stderr[-2000:]


def lose_an_answer(vendors: Vendors, system: str) -> None:
    """Only then is there something to settle."""
    if system in LOST_ANSWERS:
        match = {"operation": LOST_ANSWERS[system]}
        vendors.control(system, "faults", {"match": match, "fault": {"kind": "cut_after"}})
    else:
        vendors.relay.plan.append(("contact_mechanism.write", "cut_after"))


@pytest.fixture(scope="session")
def calm_ends() -> CalmEnds:
    """The ends of steps that nothing disturbed, worked out once each."""
    return {}


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_step_killed_anywhere_ends_as_if_it_never_was(
    begin: Begin, vendors: Vendors, as_of: datetime, calm_ends: CalmEnds, case: tuple[str, str]
) -> None:
    system, failpoint = case
    step = step_of(failpoint)
    if (step, system) not in calm_ends:
        night = begin(BEGINS_AT[step])
        STEPS[step](night, system, as_of)
        calm_ends[step, system] = end_of(night, vendors, system)
    night = begin(BEGINS_AT[step])
    if failpoint.startswith("settle."):
        lose_an_answer(vendors, system)
    run_until_killed(night, step, system, until=as_of, failpoint=failpoint)
    STEPS[step](night, system, as_of)
    end = end_of(night, vendors, system)
    assert count_rows(end[0]) > 50
    assert differing(end[0], calm_ends[step, system][0]) == {}
    assert end[1:] == calm_ends[step, system][1:]


def differing(one: Dump, other: Dump) -> Dump:
    """The rows that only one of them has, by table."""
    found = {name: sorted(set(rows) ^ set(other[name]), key=repr) for name, rows in one.items()}
    return {name: rows for name, rows in found.items() if rows}
