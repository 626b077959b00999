"""The Dags, the assets that connect them, and the documentation of each."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.sdk import DAG, TriggerRule

from concord import registry
from concord.installed import PRODUCT
from concord.orchestration.defaults import DEFAULTS, ErrorTreeRetryPolicy
from concord.registry import pool_slots

SYSTEMS = ("salesforce", "shopify", "tryton")
DAG_IDS = {
    *(f"ingest_{name}" for name in SYSTEMS),
    "reconcile",
    *(f"write_back_{name}" for name in SYSTEMS),
    "report",
    "undo",
    "replay",
    "backfill",
    "after_backfill",
    "watch",
}
FILES = sorted((PRODUCT / "dags").glob("*.py"))


def outlets(dag: DAG) -> dict[str, set[str]]:
    return {item.task_id: {asset.uri for asset in item.outlets} for item in dag.tasks if item.outlets}


def awaited(dag: DAG) -> set[str]:
    return {asset.uri for asset in dag.timetable.asset_condition.objects}


def test_there_are_exactly_these_dags(dags: Mapping[str, DAG]) -> None:
    assert set(dags) == DAG_IDS


def test_every_registered_system_is_ingested() -> None:
    assert {system.name for system in registry.systems()} == set(SYSTEMS)
    assert {system.name for system in registry.written_systems()} == set(SYSTEMS)


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
class TestEach:
    def test_says_what_it_does_and_what_to_do_when_red(self, dags: Mapping[str, DAG], dag_id: str) -> None:
        page = dags[dag_id].doc_md
        for part in ("**Reads**", "**Writes**", "**Safe to run again?** Yes", "**When red:**"):
            assert part in page
        assert not re.search(r"\{\w*\}", page), "a placeholder was left in the page"

    def test_has_an_owner_and_only_the_three_kinds_of_tags(self, dags: Mapping[str, DAG], dag_id: str) -> None:
        kinds = sorted(tag.partition(":")[0] for tag in dags[dag_id].tags)
        is_of_one_system = dag_id.startswith(("ingest_", "write_back_"))
        assert kinds == (["impact", "stage", "system"] if is_of_one_system else ["impact", "stage"])
        assert dags[dag_id].owner == "concord"

    def test_runs_one_at_a_time_and_makes_up_for_nothing(self, dags: Mapping[str, DAG], dag_id: str) -> None:
        assert dags[dag_id].max_active_runs == 1
        assert dags[dag_id].catchup is False

    def test_every_task_retries_by_the_error_tree(self, dags: Mapping[str, DAG], dag_id: str) -> None:
        assert dags[dag_id].tasks
        for item in dags[dag_id].tasks:
            settings = getattr(item, "partial_kwargs", None) or {
                "retry_policy": item.retry_policy,
                "retries": item.retries,
            }
            assert isinstance(settings["retry_policy"], ErrorTreeRetryPolicy)
            assert settings["retries"] == DEFAULTS["retries"]

    def test_every_pool_is_one_that_the_launcher_makes(self, dags: Mapping[str, DAG], dag_id: str) -> None:
        assert {item.pool for item in dags[dag_id].tasks} <= {*pool_slots(), "default_pool"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_night_is_a_day_of_utc(dags: Mapping[str, DAG], name: str) -> None:
    timetable = dags[f"ingest_{name}"].timetable
    assert type(timetable).__name__ == "NightTimetable"
    assert timetable.serialize() == {"expression": "0 0 * * *", "timezone": "UTC"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_one_extract_per_resource_and_one_validate_for_all_that_landed(dags: Mapping[str, DAG], name: str) -> None:
    dag = dags[f"ingest_{name}"]
    extract, validate = dag.get_task("extract"), dag.get_task("validate")
    resources = [resource.name for resource in registry.system(name).resources]
    assert extract.op_kwargs_expand_input.value == {"resource": resources}
    assert extract.partial_kwargs["map_index_template"] == "{{ task.op_kwargs['resource'] }}"
    assert extract.pool == name
    assert validate.trigger_rule is TriggerRule.ALL_DONE
    assert validate.upstream_task_ids == {"extract"}


def test_assets_lead_from_ingest_to_the_report(dags: Mapping[str, DAG]) -> None:
    for name in SYSTEMS:
        assert outlets(dags[f"ingest_{name}"]) == {
            "announce": {f"concord://validated/{name}"},
            "announce_fill": {"concord://filled/days"},
        }
        assert awaited(dags[f"write_back_{name}"]) == {f"concord://desired/{name}"}
        assert outlets(dags[f"write_back_{name}"]) == {"verify": {f"concord://written/{name}"}}
    assert awaited(dags["reconcile"]) == {f"concord://validated/{name}" for name in SYSTEMS}
    assert outlets(dags["reconcile"]) == {f"allow_{name}": {f"concord://desired/{name}"} for name in SYSTEMS}
    assert awaited(dags["report"]) == {f"concord://written/{name}" for name in SYSTEMS}


@pytest.mark.parametrize(("dag_id", "cron"), [("reconcile", "0 2 * * *"), ("report", "0 4 * * *")])
def test_a_clock_stands_in_for_a_system_that_is_missing(dags: Mapping[str, DAG], dag_id: str, cron: str) -> None:
    timetable = dags[dag_id].timetable
    assert type(timetable.asset_condition).__name__ == "AssetAll"
    assert timetable.timetable.expression == cron
    assert timetable.timetable.run_immediately == timedelta(seconds=1)


def test_old_rows_go_after_every_night_and_hide_no_failed_report(dags: Mapping[str, DAG]) -> None:
    drop_old = dags["report"].get_task("drop_old")
    assert drop_old.upstream_task_ids == {"build"}
    assert drop_old.trigger_rule is TriggerRule.ALL_DONE
    assert {task.task_id for task in dags["report"].leaves} == {"write_report", "drop_old"}


def test_a_backfill_fills_in_each_systems_pool_and_one_reconcile_follows(dags: Mapping[str, DAG]) -> None:
    dag = dags["backfill"]
    for name in SYSTEMS:
        assert dag.get_task(f"fill_{name}").pool == name
        assert dag.get_task(f"fill_{name}").upstream_task_ids == {f"windows_{name}"}, (
            "it waits for no other system"
        )
        assert not dag.get_task(f"windows_{name}").upstream_task_ids
    reconcile = dag.get_task("reconcile")
    assert reconcile.upstream_task_ids == {f"fill_{name}" for name in SYSTEMS}
    assert reconcile.trigger_rule is TriggerRule.NONE_FAILED
    assert reconcile.wait_for_completion
    assert not outlets(dag), "a fill announces no night"


def test_one_reconcile_follows_airflows_own_backfill(dags: Mapping[str, DAG]) -> None:
    dag = dags["after_backfill"]
    assert awaited(dag) == {"concord://filled/days"}
    assert dag.get_task("claim_days").upstream_task_ids == {"wait_for_days"}
    assert dag.get_task("reconcile").upstream_task_ids == {"claim_days"}
    assert dag.get_task("reconcile").conf == {"write_back": False}


@pytest.mark.parametrize("dag_id", ["reconcile", "report", "watch", "backfill", "after_backfill"])
def test_what_works_on_the_present_state_cannot_be_backfilled(dags: Mapping[str, DAG], dag_id: str) -> None:
    assert set(dags[dag_id].allowed_run_types) == {"manual", "scheduled", "asset_triggered", "operator_triggered"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_plan_is_approved_before_it_is_applied(dags: Mapping[str, DAG], name: str) -> None:
    dag = dags[f"write_back_{name}"]
    assert dag.get_task("choose_approval").downstream_task_ids == {"approve_by_policy", "ask_a_person", "apply"}
    apply = dag.get_task("apply")
    assert {"approve_by_policy", "ask_a_person"} < apply.upstream_task_ids
    assert apply.trigger_rule is TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
    assert apply.downstream_task_ids == {"verify"}


def test_no_vendors_text_passes_a_template(dags: Mapping[str, DAG]) -> None:
    question = dags["write_back_shopify"].get_task("ask_a_person")
    assert tuple(question.template_fields) == ("planned",)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_thin(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 80
    assert not re.search(r"\btry:|\bselect\b.*\bfrom ops\b|requests|psycopg", text)
    assert not re.search(r"^(from|import) airflow(?!\.sdk import )", text, re.MULTILINE)
