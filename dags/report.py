"""Measures what the night achieved and writes its report.

**Reads** the warehouse, where every write-back was read back. **Writes** the warehouse's marts and agreement
once more, and one self-contained HTML page into the folder of reports (`CONCORD_REPORTS`).

It starts when every system was written to, or at 04:00 UTC with what there is: a plan that still waits for
a person then shows as waiting.

**Safe to run again?** Yes. The page of a night replaces itself.

**When red:** nothing is lost and nothing needs undoing; the log of the failed task says what to correct.
Clear it to have the report.
"""

from airflow.sdk import DAG, AssetAll, AssetOrTimeSchedule, task

from concord import registry
from concord.orchestration import reporting, tasks
from concord.orchestration.defaults import DEFAULTS, at_time, written_asset

with DAG(
    dag_id="report",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=at_time("0 4 * * *"),
        assets=AssetAll(*(written_asset(system) for system in registry.written_systems())),
    ),
    catchup=False,
    max_active_runs=1,
    default_args=dict(DEFAULTS),
    tags=["stage:report", "impact:warehouse"],
):
    night = task(task_id="newest_run")(reporting.newest_run)()
    prepared = task(task_id="dbt_prepare", pool=registry.TRANSFORM_POOL)(tasks.transform)(tasks.DBT_PREPARE, night)
    identified = task(task_id="identify")(tasks.find_identities)(night)
    built = task(task_id="dbt_measure", pool=registry.TRANSFORM_POOL)(tasks.transform)(tasks.DBT_MEASURE, night)
    measured = task(task_id="measure")(tasks.measure)(night, "after")
    written = task(task_id="write_report")(reporting.report)(night)
    prepared >> identified >> built >> measured >> written
