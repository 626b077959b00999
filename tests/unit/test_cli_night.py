"""What of a night follows what, and how it is shown without a terminal."""

import io

import pytest
from rich.console import Console

from concord.cli.follow import find_plan_id, is_stalled
from concord.cli.night import say_dag, tonight, what_follows
from concord.cli.plan_views import say_undo
from concord.cli.progress import Board
from concord.local.airflow_api import TaskInstance

ALL = ("crm", "erp", "shop")
READ = {f"ingest_{name}": "success" for name in ALL}
WRITTEN = {f"write_back_{name}": "success" for name in ALL}
DONE = {"reconcile": "success"}


def follow(states: dict[str, str], *, is_writing: bool = True) -> tuple[str, bool] | None:
    return what_follows(states, systems=ALL, all_systems=ALL, written=ALL if is_writing else ())


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
    assert follow(states) == expected


def test_a_night_without_write_back_ends_with_reconcile() -> None:
    assert follow({**READ, **DONE}, is_writing=False) is None


def test_the_first_night_takes_the_place_of_the_scheduled_one() -> None:
    logical_date, (start, end) = tonight()
    assert logical_date == start
    assert (logical_date.hour, logical_date.minute, logical_date.second) == (0, 0, 0)
    assert 1 <= (end - start).total_seconds() / 86_400 < 2


@pytest.mark.parametrize(
    ("dag_id", "said"),
    [("ingest_shopify", "Read and check shopify"), ("reconcile", "Reconcile"), ("undo", "undo")],
)
def test_dags_are_steps_in_words(dag_id: str, said: str) -> None:
    assert say_dag(dag_id) == said


def test_without_a_terminal_each_step_is_one_plain_line() -> None:
    output = io.StringIO()
    with Board(Console(file=output, width=80)) as board, board.step("PostgreSQL") as step:
        step.say("port 5432")
    lines = output.getvalue().splitlines()
    assert len(lines) == 1
    assert lines[0].split() == ["0.0", "s", "done", "PostgreSQL", "port", "5432"]


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
    assert find_plan_id(body) == "b2"
    assert find_plan_id("May I say hello?") is None


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
    plan = {"plan_id": "a1", "state": state, "approved_by": "ada", "planned": planned, "confirmed": confirmed}
    assert say_undo(plan).startswith(said)
    assert say_undo(plan).endswith("./concord plan show a1")
