"""Reads what changed in {title} and validates it, so that the warehouse holds what {title} holds.

**Reads** {title} through the connection `{connection}`, one task per resource, at most {slots} at once.
**Writes** the warehouse: `landing`, `validated` and the ledger in `ops`. Nothing at {title}.
Then announces `concord://validated/{name}`, once every resource was accepted. Runs of a backfill fill the
warehouse only: when the last of them has ended, one reconcile follows, and nothing is written to any system.

**Safe to run again?** Yes. The same window replaces itself. A night reads from where coverage ends, so a
night that was missed is read by the next one. To read past days again, run the Dag `backfill`, or
`./concord backfill --system {name} --from 2026-01-01 --to 2026-01-31`.
Trigger it with a form to read a span again, or to accept an unusual volume that you have checked.

**When red:** the last lines of `validate` name every resource that did not get through, and why; the others
did. What was not read because the system was down is read by the next night. A wrong password or a changed field
needs a person: correct it, then clear the failed tasks. While it is red, {title} is not written to.
"""

from airflow.sdk import DAG, TriggerRule, task

from concord import registry
from concord.contract import System
from concord.dag_ids import ingest_dag
from concord.installed import as_called
from concord.orchestration import ingesting
from concord.orchestration.defaults import DEFAULTS, filled_asset, nightly, validated_asset


def build_ingest(system: System) -> None:
    """One Dag for one system."""
    with DAG(
        dag_id=ingest_dag(system.name),
        doc_md=as_called(__doc__).format(
            name=system.name, title=system.title, connection=system.connection, slots=system.rate_limit.concurrency
        ),
        schedule=nightly(system),
        catchup=False,
        max_active_runs=1,
        default_args={**DEFAULTS, "pool": system.name},
        params=ingesting.span_params(),
        tags=["stage:ingest", f"system:{system.name}", "impact:warehouse"],
    ):
        extract = task(task_id="extract", map_index_template="{{ task.op_kwargs['resource'] }}")(ingesting.extract)
        validate = task(task_id="validate", trigger_rule=TriggerRule.ALL_DONE)(ingesting.validate)
        resources = [resource.name for resource in system.resources]
        landed = extract.partial(system_name=system.name).expand(resource=resources)
        announce = task(task_id="announce", outlets=[validated_asset(system)])(ingesting.announce)
        announce_fill = task(task_id="announce_fill", outlets=[filled_asset()])(ingesting.announce_fill)
        validate(system.name, landed) >> [announce(system.name), announce_fill(system.name)]


for each in registry.systems():
    build_ingest(each)
