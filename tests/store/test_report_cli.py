"""The verbs that read the warehouse, on a real one."""

import psycopg
import pytest
from typer.testing import CliRunner, Result

from concord.cli.main import app
from concord.errors import ConfigurationError

PLAN = """
    insert into ops.plans
        (plan_id, system, purpose, run_id, state, needs_approval, approval_reason, planned)
    values ('aaaa1111', 'tryton', 'write_back', 'night', 'planned', true, 'many changes', 1),
        ('aaab2222', 'shopify', 'write_back', 'night', 'planned', false, null, 0);
    insert into ops.changes
        (change_id, plan_id, sequence, resource, entity_id, record_key, action, before, after, reason)
    values ('c1', 'aaaa1111', 1, 'parties', 'CUS-1', '17', 'update',
        '{"party_name": "Old [b]Ltd[/b]"}', '{"party_name": "New Ltd"}', 'the shop decides')
"""
LETTER = """
    insert into ops.dead_letters
        (dead_letter_id, stage, system, resource, record_key, error_class, message, payload)
    values ('dddd4444', 'validate', 'shopify', 'customers', 'gid://1', 'ContractViolationError',
        'email is no e-mail address', '{"email": "n/a"}')
"""


@pytest.fixture
def warehouse(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", database)
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def store(url: str, statements: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statements)


def test_plans_are_listed_with_what_they_wait_for(warehouse: str) -> None:
    assert run("plan", "list").output == "No plan was made yet; the first one follows the first night.\n"
    store(warehouse, PLAN)
    lines = [line.split() for line in run("plan", "list").output.splitlines()]
    assert [line[0] for line in lines[1:]] == ["aaab2222", "aaaa1111"]
    assert "waits for approval" in run("plan", "list").output


def test_a_plan_is_shown_by_the_beginning_of_its_id(warehouse: str) -> None:
    store(warehouse, PLAN)
    answer = run("plan", "show", "aaaa")
    assert answer.exit_code == 0
    for said in ("1 change for tryton", "many changes", "update parties 17", "Old [b]Ltd[/b] → New Ltd"):
        assert said in answer.output


@pytest.mark.parametrize(("prefix", "said"), [("aaa", "More than one plan"), ("zz", "There is no plan 'zz'")])
def test_a_plan_that_is_not_meant_clearly_is_refused(warehouse: str, prefix: str, said: str) -> None:
    store(warehouse, PLAN)
    error = run("plan", "show", prefix).exception
    assert isinstance(error, ConfigurationError)
    assert error.message.startswith(said)


def test_dead_letters_are_listed_and_shown_with_the_record(warehouse: str) -> None:
    assert run("dead-letters", "list").output.startswith("There are no dead letters")
    store(warehouse, LETTER)
    assert "email is no e-mail address" in run("dead-letters", "list", "--system", "shopify").output
    assert run("dead-letters", "list", "--system", "tryton").output.startswith("There are no dead letters")
    shown = run("dead-letters", "show", "dddd").output
    assert '"email": "n/a"' in shown
    assert "gid://1" in shown


def test_a_dead_letter_can_be_traced(warehouse: str) -> None:
    store(warehouse, LETTER)
    answer = run("trace", "shopify", "gid://1")
    assert answer.exit_code == 0
    assert "set aside by validate" in answer.output


def test_what_nobody_knows_cannot_be_traced(warehouse: str) -> None:
    error = run("trace", "shopify", "gid://2").exception
    assert isinstance(error, ConfigurationError)
    assert error.message.startswith("Nothing is known of 'gid://2' in shopify")


def test_the_report_of_an_empty_warehouse_says_so(warehouse: str) -> None:
    answer = run("report")
    assert answer.exit_code == 0
    assert "No night has been measured yet." in answer.output


def test_migrating_twice_changes_nothing(warehouse: str) -> None:
    assert [run("migrate").output for _ in range(2)] == ["The warehouse is up to date.\n"] * 2


def test_a_report_of_a_run_that_nobody_knows_is_refused(warehouse: str) -> None:
    error = run("report", "nosuchrun").exception
    assert isinstance(error, ConfigurationError)
    assert "There is no run 'nosuchrun'" in error.message


def test_a_value_that_fills_an_empty_field_is_shown_as_such(warehouse: str) -> None:
    store(warehouse, PLAN.replace('"Old [b]Ltd[/b]"', "null"))
    assert "empty → New Ltd" in run("plan", "show", "aaaa").output
