"""Takes back what a plan wrote, by a plan of its own.

Run by hand, with the id of the plan to undo. **Reads** the journal's before-images and what the system says
now. **Writes** to the system the plan was for, the same way as any write-back: approve, apply, read back.

What somebody changed since is left alone, and what cannot be undone is said in the plan.

**Safe to run again?** Yes. What is undone already plans nothing.

**Before you run it:** the next night works out the same desired state and plans the same changes again,
unless its cause is gone. Correct the cause (the owner of the field, the mapping, the record) or pause
`write_back_<system>` first.

**When red:** the log of the failed task says what to do; clear it to go on where it stopped.
"""

from airflow.sdk import DAG, Param, task

from concord.orchestration import writing
from concord.orchestration.defaults import DEFAULTS

with DAG(
    dag_id="undo",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=dict(DEFAULTS),
    params={
        "plan_id": Param(
            "",
            type="string",
            minLength=1,
            title="Plan to undo",
            description="Its id is in the report and in ./concord plan show.",
        )
    },
    tags=["stage:undo", "impact:target"],
):
    planned = task(task_id="plan")(writing.plan_inverse)("{{ params.plan_id }}")
    writing.carry_out(planned, pool="default_pool")
