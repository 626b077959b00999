"""Writes to {title} what it should hold: plan, approve, apply, read back.

**Reads** the desired state and what the warehouse holds of {title}. **Writes** to {title}, and every step to
the journal in `ops`. Then announces `concord://written/{name}`, also when there was nothing to write.

A small and harmless plan is approved by policy. Any other waits under *Required Actions* for a person, who
sees the first fifty changes with before and after, and the command that shows all; the answer and the name are
kept with the plan. No answer within 20 hours declines it: the next night plans anew. Where the project says
`write_back = "plan"`, the plan is shown and nothing is written.

**Safe to run again?** Yes. A change is written only where {title} still says what the plan saw; a change
whose answer was lost is read back before anything is sent again.

**When red:** `plan` or `verify` failed: look at the log, clear the task. `apply` failed: clear it, it goes on
where it stopped. `ask_a_person` failed: nobody answered. To take back what was written, run the Dag `undo`
with the plan's id, which is in the result of `plan`.
"""

from airflow.sdk import DAG, task

from concord import registry
from concord.contract import System
from concord.dag_ids import write_back_dag
from concord.orchestration import writing_back
from concord.orchestration.defaults import DEFAULTS, desired_asset, written_asset


def build_write_back(system: System) -> None:
    """One Dag for one system that has something to write back."""
    with DAG(
        dag_id=write_back_dag(system.name),
        doc_md=str(__doc__).format(name=system.name, title=system.title),
        schedule=[desired_asset(system)],
        catchup=False,
        max_active_runs=1,
        default_args=dict(DEFAULTS),
        tags=["stage:write_back", f"system:{system.name}", "impact:target"],
    ):
        planned = task(task_id="plan")(writing_back.plan)(system.name)
        writing_back.carry_out(planned, pool=system.name, outlets=[written_asset(system)])


for each in registry.written_systems():
    build_write_back(each)
