"""Measures what the night achieved and writes its report.

**Reads** the warehouse, where every write-back was read back. **Writes** the warehouse's marts and agreement
once more, and one self-contained HTML page into the folder of reports (`CONCORD_REPORTS`). Beside it, `drop_old`
drops what is older than the warehouse keeps it (`CONCORD_KEEP_NIGHTS`); its log says what that was.

It starts when every system was written to, or at the hour of the business (04:00 unless CONCORD_REPORT_AT is set)
with what there is: a plan that still waits for a person is then shown as waiting.

**Safe to run again?** Yes. The page of a night replaces itself.

**When red:** nothing is lost and nothing needs undoing; the log of the failed task says what to correct.
Clear it to have the report.
"""

from airflow.sdk import DAG, AssetAll, AssetOrTimeSchedule, TriggerRule, task

from concord import registry
from concord.dag_ids import REPORT
from concord.orchestration import reporting
from concord.orchestration.defaults import DEFAULTS, PRESENT_RUNS, at_time, written_asset
from concord.settings import read_schedule

with DAG(
    dag_id=REPORT,
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        timetable=at_time(read_schedule().report_cron()),
        assets=AssetAll(*(written_asset(system) for system in registry.written_systems())),
    ),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=PRESENT_RUNS,
    default_args=dict(DEFAULTS),
    tags=["stage:report", "impact:warehouse"],
):
    night = task(task_id="build", pool=registry.TRANSFORM_POOL)(reporting.build_report)()
    task(task_id="write_report")(reporting.report)(night)
    night >> task(task_id="drop_old", trigger_rule=TriggerRule.ALL_DONE)(reporting.drop_old)()
