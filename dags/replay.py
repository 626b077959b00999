"""Sends dead letters back into the stage that refused them.

Run by hand, after the cause was corrected: the contract, the expectation, or the record at the vendor.
**Reads** the payloads kept with the dead letters. **Writes** the warehouse only; what passes now is in
`validated` and takes part in the next `reconcile`.

**Safe to run again?** Yes. What is refused again stays a dead letter, with one attempt more.

**When red:** the log says which dead letters cannot be replayed and why. The others were.
"""

from airflow.sdk import DAG, Param, task

from concord import registry
from concord.orchestration import writing
from concord.orchestration.defaults import DEFAULTS

NAMES = [system.name for system in registry.systems()]
RESOURCES = sorted({resource.name for system in registry.systems() for resource in system.resources})

with DAG(
    dag_id="replay",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=dict(DEFAULTS),
    params={
        "system": Param(NAMES[0], type="string", enum=NAMES, title="System"),
        "resource": Param(RESOURCES[0], type="string", enum=RESOURCES, title="Resource"),
        "dead_letter_ids": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Dead letters",
            description="Their ids, one a line (./concord dead-letters list). Empty: all that are open.",
        ),
    },
    tags=["stage:replay", "impact:warehouse"],
):
    task(task_id="replay")(writing.replay)()
