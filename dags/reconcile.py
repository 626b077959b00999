"""Works out what every system should hold, from what all of them hold.

**Reads** the validated records of all systems. **Writes** the warehouse only: cleaned staging, identities,
golden records, discrepancies, and the desired state of each system; keeps the agreement before the night's
write-backs. Then announces `concord://desired/<system>` for each system that may be written to.

It starts when all systems were read, or at the hour of the business (02:00 unless CONCORD_RECONCILE_AT is set)
with what there is, so that one vendor's outage does not stop the others. A task `allow_<system>` that is skipped
names the reason why that system is not written to tonight: its own data is stale or was refused, a backfill is
under way, or this run was asked to write nothing.

**Safe to run again?** Yes, at any time. It works on the state of the warehouse; the same state gives the
same result.

**When red:** the log names the dbt models or tests that failed. What was built before stands, and nothing
is written to any system until it is green. The data team decides about a failed test.
"""

from airflow.sdk import DAG, AssetAll, AssetOrTimeSchedule, task

from concord import registry
from concord.dag_ids import RECONCILE
from concord.orchestration import reconciling
from concord.orchestration.defaults import DEFAULTS, PRESENT_RUNS, at_time, desired_asset, validated_asset
from concord.settings import read_schedule

with DAG(
    dag_id=RECONCILE,
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=at_time(read_schedule().reconcile_cron()),
        assets=AssetAll(*(validated_asset(system) for system in registry.systems())),
    ),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=PRESENT_RUNS,
    default_args=dict(DEFAULTS),
    params=reconciling.reconcile_params(),
    tags=["stage:reconcile", "impact:warehouse"],
):
    built = task(task_id="build", pool=registry.TRANSFORM_POOL)(reconciling.build_night)("{{ run_id }}")
    for each in registry.written_systems():
        allowed = task(task_id=f"allow_{each.name}", outlets=[desired_asset(each)])
        built >> allowed(reconciling.allow_write_back)(each.name)
