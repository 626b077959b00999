"""Takes back what a plan wrote, by another plan.

Run by hand, with the id of the plan to undo. **Reads** the journal's before-images and what the system says
now. **Writes** to the system the plan was for, the same way as any write-back: approve, apply, read back.

What somebody changed since is left as it is. The plan lists that, and what cannot be undone, with the reasons.

**Safe to run again?** Yes. What is undone already plans nothing.

**Before you run it:** the next night works out the same desired state and plans the same changes again,
unless their cause is gone. Correct the cause (the owner of the field, the mapping, the record), or hold the
fields with `./concord undo PLAN --hold`.

**When red:** the log of the failed task says what to do; clear it to go on where it stopped.
"""

from airflow.sdk import DAG, Param, task

from concord.dag_ids import UNDO
from concord.installed import COMMAND, as_called
from concord.orchestration import writing_back
from concord.orchestration.defaults import DEFAULTS

with DAG(
    dag_id=UNDO,
    doc_md=as_called(__doc__),
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
            description=f"Its id is in the report and in {COMMAND} plan show.",
        )
    },
    tags=["stage:undo", "impact:target"],
):
    planned = task(task_id="plan")(writing_back.plan_inverse)("{{ params.plan_id }}")
    writing_back.carry_out(planned, pool="default_pool")
