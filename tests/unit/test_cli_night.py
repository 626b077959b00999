"""Which run of a night is due next, how questions are decided, and how steps are shown without a terminal."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from concord.cli.dag_runs import is_stalled
from concord.cli.night_run import refuse_unconnected
from concord.cli.night_stages import DueRun, NightSystems, NightWindow, find_due_run
from concord.cli.plan_decisions import say_undo
from concord.cli.plan_questions import PlanQuestions, read_plan_id
from concord.cli.progress import Board
from concord.errors import ConfigurationError
from concord.local.airflow_records import RequiredAction, TaskInstance
from concord.store.ledger.plans import Plan

ALL = frozenset({"crm", "erp", "shop"})
READ = {f"ingest_{name}": "success" for name in ALL}
WRITTEN = {f"write_back_{name}": "success" for name in ALL}
DONE = {"reconcile": "success"}


def make_systems(*, is_writing: bool = True) -> NightSystems:
    return NightSystems(read=ALL, in_use=ALL, targets=ALL, is_writing=is_writing)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param(READ, ("reconcile", True), id="all read: assets start reconcile"),
        pytest.param(
            {**READ, "ingest_crm": "failed"}, ("reconcile", False), id="one down: nothing starts reconcile"
        ),
        pytest.param(dict.fromkeys(READ, "failed"), None, id="all down: over"),
        pytest.param({**READ, "reconcile": "failed"}, None, id="reconcile failed: over"),
        pytest.param({**READ, **DONE}, ("report", True), id="reconciled: write-backs are to come"),
        pytest.param({**READ, **DONE, **WRITTEN}, ("report", True), id="written: assets start the report"),
        pytest.param(
            {**READ, **DONE, **WRITTEN, "write_back_crm": "failed"},
            ("report", False),
            id="a write-back failed: nothing starts the report",
        ),
        pytest.param({**READ, **DONE, **WRITTEN, "report": "success"}, None, id="reported: over"),
    ],
)
def test_the_night_goes_on_until_its_report(states: dict[str, str], expected: tuple[str, bool] | None) -> None:
    assert find_due_run(states, make_systems()) == (DueRun(*expected) if expected else None)


def test_a_night_without_write_back_ends_with_reconcile() -> None:
    assert find_due_run({**READ, **DONE}, make_systems(is_writing=False)) is None


def test_the_first_night_takes_the_place_of_the_scheduled_one() -> None:
    window = NightWindow.of_schedule()
    assert window.logical_date == window.start
    assert (window.start.hour, window.start.minute, window.start.second) == (0, 0, 0)
    assert 1 <= (window.end - window.start).total_seconds() / 86_400 < 2


def test_a_system_that_is_read_last_never_gets_a_logical_date_in_the_future() -> None:
    window = NightWindow.until_now()
    assert window.for_last().logical_date == window.logical_date
    scheduled = NightWindow.of_schedule()
    assert scheduled.for_last().logical_date > scheduled.logical_date
    assert scheduled.for_last().end == scheduled.end


def test_every_dag_of_a_night_has_a_title() -> None:
    titles = make_systems().dag_titles()
    assert len(titles) == 8
    assert titles["ingest_shop"] == "Read and check shop"
    assert titles["write_back_erp"] == "Write back to erp"
    assert titles["reconcile"] == "Reconcile"


def test_without_a_terminal_each_step_has_a_plain_line_at_its_begin_and_its_end() -> None:
    output = io.StringIO()
    with Board(Console(file=output, width=80)) as board, board.step("PostgreSQL") as step:
        step.say("port 5432")
    lines = output.getvalue().splitlines()
    ends = ["0.0", "s", "done", "PostgreSQL", "port", "5432"]
    assert [line.split() for line in lines] == [["begins", "PostgreSQL"], ends]


def test_a_step_that_raises_is_shown_as_failed() -> None:
    output = io.StringIO()
    with pytest.raises(ValueError, match="no"), Board(Console(file=output)) as board, board.step("Airflow"):
        raise ValueError("no")
    assert "failed  Airflow" in output.getvalue()


def make_task(state: str | None) -> TaskInstance:
    return TaskInstance(
        dag_id="ingest_shop",
        run_id="night",
        task_id="extract",
        map_index=0,
        label="orders",
        state=state,
        try_number=1,
        started_at=None,
        ended_at=None,
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param(["success", "up_for_retry", None], True, id="only a retry is to come"),
        pytest.param(["running", "up_for_retry"], False, id="others still run"),
        pytest.param(["success", None], False, id="not yet scheduled"),
        pytest.param([], False, id="no tasks yet"),
    ],
)
def test_a_run_that_only_waits_for_a_retry_does_not_hold_up_the_night(
    states: list[str | None], expected: bool
) -> None:
    assert is_stalled([make_task(state) for state in states]) is expected


def test_a_question_is_about_its_own_plan_and_not_about_the_one_it_takes_back() -> None:
    body = "## 2 changes for `shopify`\n\nPlan `b2` is **planned**, which takes back plan `a1`.\n"
    assert read_plan_id(body) == "b2"
    assert read_plan_id("May I say hello?") is None


class Questions:
    """An Airflow in which one question waits."""

    def required_actions(self) -> list[RequiredAction]:
        action = RequiredAction(
            dag_id="write_back_shop",
            run_id="night",
            task_id="approve",
            map_index=-1,
            subject="2 changes for shop",
            body="",
            options=("Approve", "Reject"),
            asked_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
        return [action]


def test_each_question_is_decided_once() -> None:
    decided: list[str] = []
    questions = PlanQuestions(Questions(), lambda action: decided.append(action.subject))  # type: ignore[arg-type]  # a stand-in
    questions.decide_new()
    questions.decide_new()
    assert decided == ["2 changes for shop"]


def make_undo(state: str, planned: int, confirmed: int) -> Plan:
    return Plan(
        plan_id="a1",
        system="shop",
        purpose="undo",
        run_id="by hand",
        undoes_plan_id="b2",
        state=state,
        needs_approval=False,
        approval_reason="",
        approved_by="ada",
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        planned=planned,
        confirmed=confirmed,
        rejected=0,
        conflicted=0,
        unknown=0,
        held=0,
    )


@pytest.mark.parametrize(
    ("state", "planned", "confirmed", "said"),
    [
        pytest.param("applied", 2, 2, "2 of 2 changes taken back. See", id="all"),
        pytest.param("applied", 9, 2, "2 of 9 changes taken back. Why each of the others", id="some"),
        pytest.param("applied", 0, 0, "There is nothing to take back", id="none"),
        pytest.param("declined", 9, 0, "Declined by ada: nothing was taken back. See", id="declined"),
    ],
)
def test_an_undo_says_what_came_of_it(state: str, planned: int, confirmed: int, said: str) -> None:
    plan = make_undo(state, planned, confirmed)
    assert say_undo(plan).startswith(said)
    assert say_undo(plan).endswith("./concord plan show a1")


def test_a_night_without_a_connection_is_refused_with_what_to_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "concord.toml").write_text("[systems.shopify]\n[systems.hubspot]\n")
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    entered = {"conn_type": "http", "schema": "https", "host": "crm.example", "password": "p"}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT_DEFAULT", json.dumps(entered))
    with pytest.raises(ConfigurationError) as told:
        refuse_unconnected()
    assert "shopify_default" in told.value.message
    assert "AIRFLOW_CONN_SHOPIFY_DEFAULT" in told.value.message
    assert "hubspot" not in told.value.message
    monkeypatch.setenv("AIRFLOW_CONN_SHOPIFY_DEFAULT", json.dumps(entered))
    refuse_unconnected()
