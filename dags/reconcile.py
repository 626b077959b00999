"""Works out what every system should say, from what all of them say.

**Reads** the validated records of all systems. **Writes** the warehouse only: cleaned staging, identities,
golden records, discrepancies, and the desired state of each system; keeps the agreement before the night's
write-backs. Then announces `concord://desired/<system>` for each system that may be written to.

It starts when all systems were read, or at 02:00 UTC with what there is, so that one vendor's outage does
not stop the others. A task `offer_<system>` that is skipped names the reason why that system is not written
to tonight: its own data is stale or was refused.

**Safe to run again?** Yes, at any time. It works on the state of the warehouse; the same state gives the
same result.

**When red:** the log names the dbt models or tests that failed. What was built before stands, and nothing
is written to any system until it is green. The data team decides about a failed test.
"""

from airflow.sdk import DAG, AssetAll, AssetOrTimeSchedule, task

from concord import registry
from concord.orchestration import tasks
from concord.orchestration.defaults import (
    DEFAULTS,
    at_time,
    desired_asset,
    validated_asset,
)

with DAG(
    dag_id="reconcile",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=at_time("0 2 * * *"),
        assets=AssetAll(*(validated_asset(system) for system in registry.systems())),
    ),
    catchup=False,
    max_active_runs=1,
    default_args=dict(DEFAULTS),
    tags=["stage:reconcile", "impact:warehouse"],
):
    night = "{{ run_id }}"
    prepared = task(task_id="dbt_prepare", pool=registry.TRANSFORM_POOL)(tasks.transform)(tasks.DBT_PREPARE, night)
    identified = task(task_id="identify")(tasks.find_identities)(night)
    built = task(task_id="dbt_marts", pool=registry.TRANSFORM_POOL)(tasks.transform)(tasks.DBT_MARTS, night)
    measured = task(task_id="measure")(tasks.measure)(night, "before")
    prepared >> identified >> built >> measured
    for each in registry.written_systems():
        offered = task(task_id=f"offer_{each.name}", outlets=[desired_asset(each)])(tasks.offer)(each.name)
        measured >> offered
