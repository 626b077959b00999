"""Reads what changed in {title} and judges it, so that the warehouse says what {title} says.

**Reads** {title} through the connection `{connection}`, one task per resource, at most {slots} at once.
**Writes** the warehouse: `landing`, `validated` and the ledger in `ops`. Nothing at {title}.
Then announces `concord://validated/{name}`, once every resource was accepted.

**Safe to run again?** Yes. The same window replaces itself. A night reads from where coverage ends, so a
night that was missed is read by the next one; a backfill reads exactly its own days:
`airflow backfill create --dag-id ingest_{name} --from-date 2026-01-01 --to-date 2026-01-31`.
Trigger it with a form to read a span again, or to accept an unusual volume that you have checked.

**When red:** the last lines of `validate` name every resource that did not get through, and why; the others
did. A system that was down heals by itself with the next night. A wrong password or a changed field needs a
person: correct it, then clear the failed tasks. While it is red, {title} is not written to.
"""

from airflow.sdk import DAG, TriggerRule, task

from concord import registry
from concord.contract import System
from concord.orchestration import tasks
from concord.orchestration.defaults import DEFAULTS, nightly, validated_asset


def build_ingest(system: System) -> None:
    """One Dag for one system."""
    with DAG(
        dag_id=f"ingest_{system.name}",
        doc_md=str(__doc__).format(
            name=system.name, title=system.title, connection=system.connection, slots=system.pace.concurrency
        ),
        schedule=nightly(system),
        catchup=False,
        max_active_runs=1,
        default_args={**DEFAULTS, "pool": system.name},
        params=tasks.span_params(),
        tags=["stage:ingest", f"system:{system.name}", "impact:warehouse"],
    ):
        extract = task(task_id="extract", map_index_template="{{ task.op_kwargs['resource'] }}")(tasks.extract)
        validate = task(task_id="validate", trigger_rule=TriggerRule.ALL_DONE, outlets=[validated_asset(system)])(
            tasks.validate
        )
        resources = [resource.name for resource in system.resources]
        validate(system.name, extract.partial(system_name=system.name).expand(resource=resources))


for each in registry.systems():
    build_ingest(each)
