"""How tables are built: whole or not at all, with the columns that their contracts say."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dbt.cli.main import dbtRunner
from psycopg import sql

from concord import registry
from concord.errors import BatchError
from concord.stages.reconcile.transform import connection_variables, dbt_options
from tests.dbt.conftest import Reconciliation

SYSTEMS = ""  # all of them
DOUBLED = "select unnest(array[{keys}]) as record_key, 'a' as word"
LARGE = "select n, repeat('x', 200) as text from generate_series(1, 250000) as n"
TWICE = """
with large as {materialized} (
    select * from {{{{ ref('large') }}}}
)
select count(*) as rows from large
union all
select sum(length(text)) as rows from large
"""
DESCRIBED = """
models:
  - name: doubled
    constraints: [{type: unique, columns: [record_key, word]}]
    columns:
      - {name: record_key, constraints: [{type: not_null}]}
  - name: over_doubled
"""


@pytest.fixture
def model(tmp_path: Path, reconciliation: Reconciliation, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of a business with two constraints, and a view over it."""
    (tmp_path / "models").mkdir()
    (tmp_path / "concord.toml").write_text("[systems.shopify]\n[systems.hubspot]\n")
    (tmp_path / "models/_doubled.yml").write_text(DESCRIBED)
    (tmp_path / "models/over_doubled.sql").write_text(
        "{{ config(materialized='view') }} select record_key from {{ ref('doubled') }}"
    )
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS", raising=False)
    return tmp_path / "models/doubled.sql"


@contextmanager
def no_temporary_files(reconciliation: Reconciliation) -> Iterator[None]:
    """A statement that writes more than 1 MB of temporary files fails within this block."""
    with psycopg.connect(reconciliation.database.url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("alter database {} set temp_file_limit = '1MB'").format(name))
        try:
            yield
        finally:
            connection.execute(sql.SQL("alter database {} reset temp_file_limit").format(name))


def build(reconciliation: Reconciliation, model: Path, keys: str) -> list[tuple[object, ...]]:
    model.write_text(DOUBLED.format(keys=keys))
    assert reconciliation.build("doubled+", keys) == 2
    return reconciliation.rows("select record_key from marts.over_doubled order by 1")


@pytest.mark.parametrize(
    ("keys", "told"),
    [("1, 2, 2", "doubled: .*could not create unique index"), ("1, null", "contains null values")],
)
def test_a_table_that_breaks_a_constraint_leaves_the_one_before(
    reconciliation: Reconciliation, model: Path, keys: str, told: str
) -> None:
    assert build(reconciliation, model, "1, 2") == [(1,), (2,)]
    with pytest.raises(BatchError, match=told) as failure:
        build(reconciliation, model, keys)
    assert "(2, a)" not in str(failure.value), "values of rows are not told"
    assert reconciliation.rows("select record_key from marts.over_doubled order by 1") == [(1,), (2,)]
    assert build(reconciliation, model, "3") == [(3,)]


def test_a_view_may_become_a_table_and_a_table_a_view(reconciliation: Reconciliation, model: Path) -> None:
    build(reconciliation, model, "1")
    view = "{{ config(materialized='view') }} select 5 as record_key, 'a' as word"
    (model.parent / "_doubled.yml").unlink()
    model.write_text(view)
    assert reconciliation.build("doubled+", "view") == 2
    assert build(reconciliation, model, "6") == [(6,)]


def test_a_table_that_a_model_imports_twice_is_not_copied_to_the_disk(
    reconciliation: Reconciliation, model: Path
) -> None:
    (model.parent / "_doubled.yml").unlink()
    (model.parent / "over_doubled.sql").unlink()
    (model.parent / "large.sql").write_text(LARGE)
    reconciliation.build("large", "large")
    with no_temporary_files(reconciliation):
        (model.parent / "twice.sql").write_text(TWICE.format(materialized="materialized"))
        with pytest.raises(BatchError, match="temporary file size exceeds"):
            reconciliation.build("twice", "copied")
        (model.parent / "twice.sql").write_text(TWICE.format(materialized=""))
        assert reconciliation.build("twice", "read") == 1


def test_every_model_gives_the_columns_of_its_contract_with_their_types(reconciliation: Reconciliation) -> None:
    reconciliation.run("first")
    reconciliation.report("first")
    with psycopg.connect(reconciliation.database.url) as connection:
        for node in compile_contracts(reconciliation):
            answer = connection.execute(f"select * from ({node.compiled_code}) as model limit 0").description  # type: ignore[call-overload]
            found = {column.name: type_name(connection, column.type_code) for column in answer}
            said = {column.name: column.data_type for column in node.columns.values()}
            assert found == said, node.name


def compile_contracts(reconciliation: Reconciliation) -> list[Any]:  # dbt's own type
    """All models with a contract, with the SQL that dbt sends."""
    with reconciliation.environment(), pytest.MonkeyPatch.context() as environment:
        for name, value in connection_variables(reconciliation.database.url).items():
            environment.setitem(os.environ, name, value)
        options = dbt_options(reconciliation.settings, registry.systems())
        select = ["--select", "config.contract.enforced:true"]
        result: Any = dbtRunner().invoke(["compile", *select, *options]).result
    nodes = [item.node for item in result.results if item.node.resource_type == "model"]
    assert len(nodes) > 30
    return nodes


def type_name(connection: psycopg.Connection[Any], code: int) -> str:
    ((name,),) = connection.execute("select format_type(%s, null)", [code]).fetchall()
    return {"timestamp with time zone": "timestamptz"}.get(name, str(name))
