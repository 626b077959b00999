"""Looks every hour for alarms: things that need a person. A task that finds some fails, with a sentence each.

| task | alarms |
|---|---|
| `freshness` | *stale data*: a system was not read or not accepted last night |
| `coverage` | *coverage gap*: a span of changes that nobody read |
| `clocks` | *clock difference*: a vendor's clock differs from ours by more than a minute |
| | *future stamps*: records say that they changed in the future |
| `dead_letters` | *dead letters*: records were set aside since yesterday |
| `writes` | of last week: *unfinished writes*, *unknown writes*, *lost writes* |
| | of last week: *half made records*, *held after sending* |
| | *plan waits*: a plan has had no answer for a day |
| `versions` | *version end*: a vendor retires the API version in use within 90 days |
| `agreement` | *agreement drop*: the systems agree less than after the night before |

**Reads** the ledger. **Writes** nothing. **Safe to run again?** Yes.

**When red:** each alarm has a chapter in `docs/runbook.md`: its meaning, the first look, the cure. A check is
green again when its cause is gone.
"""

from airflow.sdk import DAG, task

from concord.orchestration import watching
from concord.orchestration.defaults import DEFAULTS, PRESENT_RUNS, at_time

with DAG(
    dag_id="watch",
    doc_md=__doc__,
    schedule=at_time("30 * * * *"),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=PRESENT_RUNS,
    default_args=dict(DEFAULTS),
    tags=["stage:watch", "impact:none"],
):
    for name in watching.CHECKS:
        task(task_id=name)(watching.check)(name)
