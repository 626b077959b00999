"""Starts one reconcile when Airflow's own backfill of an ingest (`airflow backfill create`) has read all its days.

Runs of such a backfill fill the warehouse. This Dag starts with the first of them, waits until the last has ended,
and starts a reconcile that plans and writes nothing by itself. A run that starts while another works finds nothing
left to do, so exactly one reconcile follows a range. Nights go on beside it and are written back as always.

**Reads** the ledger. **Writes** the ledger: which days were reconciled.

**Safe to run again?** Yes. Days that were read again in between are reconciled with it.

**When red:** `wait_for_days` waited a day for runs of an ingest that did not begin: unpause the ingest, or end the
backfill in Airflow, then clear the task. `reconcile` failed: see the log of that run of reconcile, then clear it.
"""

from airflow.sdk import DAG, TriggerRule, task

from concord.dag_ids import AFTER_BACKFILL
from concord.orchestration import backfilling
from concord.orchestration.defaults import DEFAULTS, PRESENT_RUNS, filled_asset

with DAG(
    dag_id=AFTER_BACKFILL,
    doc_md=__doc__,
    schedule=[filled_asset()],
    catchup=False,
    max_active_runs=1,
    allowed_run_types=PRESENT_RUNS,
    default_args=dict(DEFAULTS),
    tags=["stage:backfill", "impact:warehouse"],
):
    claimed = task(task_id="claim_days")(backfilling.claim_days)()
    reconcile = backfilling.start_reconcile(write_back=False, when=TriggerRule.ALL_SUCCESS)
    backfilling.DaysSensor(task_id="wait_for_days") >> claimed >> reconcile
