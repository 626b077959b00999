"""Builds the layer that identification needs: cleaned staging and the records of all systems with their keys."""

from collections.abc import Sequence

from concord.contract import System
from concord.settings import Settings
from concord.stages.reconcile.phone_numbers import read_phone_numbers
from concord.stages.reconcile.standing import Standing
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.store.engine import Database

DBT_PREPARE = "+tag:prepare"  # with models of the business that they are made of
_RECORDS = "int_customers__records"


def prepare(settings: Settings, database: Database, systems: Sequence[System], *, run_id: str) -> int:
    """Build the records, read their new phone numbers, then build the rest; returns how many nodes succeeded.

    dbt cannot call the library that reads phone numbers, so they are read before what is made of them. Rules and
    views that stand as the project has them are not built again. Raises `BatchError` that names the nodes that did
    not succeed.
    """
    standing = Standing(parse_project(settings, systems), systems)
    if _RECORDS in standing.names and standing.is_built(database):
        read_phone_numbers(database)
        select = f"{DBT_PREPARE} --exclude {' '.join(standing.names)}"
        return run_dbt(settings, database, systems, select=select, run_id=run_id)
    standing.begin(database)
    count = run_dbt(settings, database, systems, select=f"+{_RECORDS}", run_id=run_id)
    read_phone_numbers(database)
    count += run_dbt(settings, database, systems, select=f"{DBT_PREPARE} --exclude +{_RECORDS}", run_id=run_id)
    standing.record(database)
    return count
