"""Statements over the tables that may be distributed name one batch."""

from pathlib import Path

import pytest

from concord.installed import PRODUCT
from tools.citus import ALLOWED, DEFINITIONS, MIGRATIONS, MODELS, PLUGINS, find_citus_breaches

FILE = PLUGINS / "stages" / "some.py"


def breaches(root: Path, place: Path, text: str) -> list[str]:
    path = root / place
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return [breach.split(": ")[1] for breach in find_citus_breaches(root, {})]


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from {view} where _batch_id = %s",
        "delete from ops.dispositions where batch_id = {batch}",
        "select * from judged join {landing} as raw on raw._batch_id = %(batch)s and raw._row = judged.row_number",
        "insert into ops.dispositions (batch_id, row_number) select {batch}, row_number from judged",
        "select * from ops.batches where batch_id <> %s",
    ],
)
def test_a_statement_about_one_batch_passes(statement: str, tmp_path: Path) -> None:
    assert breaches(tmp_path, FILE, f"QUERY = {statement!r}") == []


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from {landing}",
        "select * from {view} as typed where other._batch_id = %(batch)s",
        "select * from {view} where _batch_id = held._batch_id",
        "delete from ops.dispositions where batch_id = {batch}; select max(row_number) from ops.dispositions",
        "select 1 from {view} where _batch_id = %s union all select 2 from {landing}",
        "insert into ops.dispositions (row_number) select row_number from judged",
        "select * from landing.shopify__orders for update",
    ],
)
def test_a_statement_over_all_batches_is_found(statement: str, tmp_path: Path) -> None:
    assert breaches(tmp_path, FILE, f"QUERY = {statement!r}") == ["names no batch"]


def test_a_docstring_is_no_statement(tmp_path: Path) -> None:
    assert breaches(tmp_path, FILE, '"""Rows are deleted: delete from landing.shopify__orders."""') == []


@pytest.mark.parametrize(
    ("call", "count"),
    [
        ("query.format(landing=landing_table(system, resource))", 0),
        ("parts = {'view': typed_view(system, resource)}", 0),
        ("copy_pages(connection, shaper, landing_table(system, resource), pages)", 0),
        ("query.format(landing_table(system, resource))", 1),
        ("query.format(table=typed_view(system, resource))", 1),
    ],
)
def test_a_table_of_landing_is_told_by_its_name_in_a_statement(call: str, count: int, tmp_path: Path) -> None:
    found = breaches(tmp_path, FILE, f"def run():\n    {call}\n")
    assert found == ["give the table to the statement as landing or view"] * count


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("alter table ops.dispositions add foreign key (batch_id) references ops.batches", "foreign key"),
        ("alter table ops.dispositions add primary key (row_number, judged_at)", "a key of a distributed table"),
        ("create trigger told after insert on ops.dispositions for each row execute function f()", "no triggers"),
        ("update ops.dispositions set reason = null", "names no batch"),
    ],
)
def test_what_a_distributed_table_cannot_have_is_found(statement: str, fault: str, tmp_path: Path) -> None:
    [found] = breaches(tmp_path, MIGRATIONS / "0099_next.sql", f"-- Why.\n{statement};\n")
    assert fault in found


def test_a_model_that_reads_landing_is_found(tmp_path: Path) -> None:
    [found] = breaches(tmp_path, MODELS / "models/a.sql", "select * from landing.shopify__orders")
    assert found == "models read no distributed table"


def test_an_exception_that_is_needed_no_more_is_told() -> None:
    assert all((PRODUCT / PLUGINS / path).exists() for path, _ in ALLOWED)
    [told] = find_citus_breaches(PRODUCT, {**ALLOWED, ("store/gone.py", "select 1"): "it went"})
    assert told == "tools/citus.py:1: store/gone.py has no such statement any more: select 1"


def test_each_exception_lets_only_its_own_statement_pass() -> None:
    found = list(find_citus_breaches(PRODUCT, {}))
    assert len(found) == len(ALLOWED) + 1, "the history of a record is read by two parts of one statement"
    assert all((PRODUCT / path).exists() for path in DEFINITIONS)
