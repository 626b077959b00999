"""Judges dead letters again, by the step that refused them.

Run by hand, after the cause was corrected. If a contract or an expectation was corrected, the payloads that
were kept are judged again. If a record was corrected at the vendor, choose *Read the records first*: then the
records are judged as the vendor has them now.

**Reads** the payloads kept with the dead letters, or the records. **Writes** the warehouse only; what passes
now is in `validated` and takes part in the next `reconcile`.

**Safe to run again?** Yes. What is refused again stays a dead letter, with one attempt more.

**When red:** the log says which dead letters cannot be replayed and why. The others were.
"""

from airflow.sdk import DAG, Param, task

from concord import registry
from concord.dag_ids import REPLAY
from concord.installed import COMMAND
from concord.orchestration import replaying
from concord.orchestration.defaults import DEFAULTS

NAMES = [system.name for system in registry.systems()]

with DAG(
    dag_id=REPLAY,
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=dict(DEFAULTS),
    params={
        "dead_letter_ids": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Dead letters",
            description=f"Their ids, one a line ({COMMAND} dead-letters list). Empty: all that are open.",
        ),
        "system": Param(
            None,
            type=["null", "string"],
            enum=[None, *NAMES],
            title="System",
            description="Only those of this system. Empty: of all.",
        ),
        "read": Param(
            default=False,
            type="boolean",
            title="Read the records first",
            description="Judge them as their system has them now, not as they were received.",
        ),
    },
    tags=["stage:replay", "impact:warehouse"],
):
    task(task_id="replay")(replaying.replay)()
