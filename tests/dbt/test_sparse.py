"""The first night, while the systems have no records yet."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from concord.registry import systems
from concord.stages.reconcile.transform import connection_variables, dbt_options
from sandbox.world import World
from tests.dbt.conftest import Reconciliation
from tests.dbt.world_rows import insert_rows, world_tables

DBT = Path(sys.executable).with_name("dbt")
SYSTEMS = ""


def test_everything_builds_before_any_system_has_answered_and_when_one_resource_has(
    reconciliation: Reconciliation, world: World
) -> None:
    reconciliation.run("empty")
    assert reconciliation.build("tag:measure", "empty") > 20
    assert reconciliation.value("select count(*) from marts.customers") == 0
    table = "salesforce__contacts"
    with psycopg.connect(reconciliation.database.url) as connection:
        insert_rows(connection, table, world_tables(world)[table])
    reconciliation.run(table)
    assert reconciliation.value("select count(*) from marts.customers") != 0
    assert reconciliation.value("select count(*) from marts.desired_salesforce__accounts") == 0


def test_every_rule_of_matching_and_comparing_keeps_its_promise(reconciliation: Reconciliation) -> None:
    reconciliation.run("unit")
    with reconciliation.environment():
        done = subprocess.run(
            [DBT, "test", "--select", "test_type:unit", *dbt_options(reconciliation.settings, systems())],
            env={**os.environ, **connection_variables(reconciliation.database.url)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    results = json.loads((reconciliation.settings.home / "dbt/target/run_results.json").read_text())["results"]
    assert len(results) >= 100
    assert {result["status"] for result in results} == {"pass"}
