"""Builds the layer that identification needs: cleaned staging and the records of all systems with their keys."""

from collections.abc import Sequence

from concord.contract import System
from concord.settings import Settings
from concord.stages.reconcile.phone_numbers import read_phone_numbers
from concord.stages.reconcile.transform import run_dbt
from concord.store.engine import PLANNER, Database
from concord.store.ledger.nights import record_prepared

DBT_PREPARE = "+tag:prepare"  # with models of the business that they are made of
_RECORDS = "+int_customers__records"


def prepare(settings: Settings, database: Database, systems: Sequence[System], *, run_id: str) -> int:
    """Build the records, read their new phone numbers, then build the rest; returns how many nodes succeeded.

    dbt cannot call the library that reads phone numbers, so they are read between the two. Raises `BatchError`
    that names the nodes that did not succeed.
    """
    with database.transaction(PLANNER) as connection:
        record_prepared(connection, run_id)
    count = run_dbt(settings, database, systems, select=_RECORDS, run_id=run_id)
    read_phone_numbers(database)
    return count + run_dbt(
        settings, database, systems, select=f"{DBT_PREPARE} --exclude {_RECORDS}", run_id=run_id
    )
