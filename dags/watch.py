"""Looks every hour whether a person is needed, and is red with one sentence per alarm when so.

| task | alarms |
|---|---|
| `freshness` | *stale data*: a system was not read or not accepted last night |
| `coverage` | *coverage gap*: a span of changes that nobody read |
| `dead_letters` | *dead letters*: records were set aside since yesterday |
| `writes` | *unfinished writes*, *unknown writes*, *lost writes*: of last week; *plan waits*: for a day |
| `versions` | *version end*: a vendor retires the API version in use within 90 days |
| `agreement` | *agreement drop*: the systems agree less than after the night before |

**Reads** the ledger. **Writes** nothing. **Safe to run again?** Yes.

**When red:** each alarm has a chapter in `docs/runbook.md`: its meaning, the first look, the cure. A check is
green again when its cause is gone.
"""

from airflow.sdk import DAG, task

from concord.orchestration import reporting
from concord.orchestration.defaults import DEFAULTS, at_time

with DAG(
    dag_id="watch",
    doc_md=__doc__,
    schedule=at_time("30 * * * *"),
    catchup=False,
    max_active_runs=1,
    default_args=dict(DEFAULTS),
    tags=["stage:watch", "impact:none"],
):
    for name in reporting.CHECKS:
        task(task_id=name)(reporting.check)(name)
