"""Builds the layer that identification needs: cleaned staging and the records of all systems with their keys."""

from collections.abc import Collection

from concord.stages.reconcile.phone_numbers import read_phone_numbers
from concord.stages.reconcile.standing import Standing
from concord.stages.reconcile.transform import DbtProject, run_dbt
from concord.store.engine import Database

DBT_PREPARE = "+tag:prepare"  # with models of the business that they are made of
_RECORDS = "int_customers__records"


def prepare(
    project: DbtProject, database: Database, standing: Standing, *, run_id: str, leave_out: Collection[str] = ()
) -> int:
    """Build the records, read their new phone numbers, then build the rest; returns how many nodes succeeded.

    dbt cannot call the library that reads phone numbers, so they are read before what is made of them. Rules and
    views that stand as the project has them are not built again, nor what is left out. Raises `BatchError` that
    names the nodes that did not succeed.
    """
    if _RECORDS in standing.names and standing.is_built(database):
        read_phone_numbers(database)
        left_out = {*standing.names, *leave_out}
        return run_dbt(project, database, select=DBT_PREPARE, run_id=run_id, leave_out=left_out)
    standing.begin(database)
    count = run_dbt(project, database, select=f"+{_RECORDS}", run_id=run_id)
    read_phone_numbers(database)
    count += run_dbt(project, database, select=f"{DBT_PREPARE} --exclude +{_RECORDS}", run_id=run_id)
    standing.record(database)
    return count
