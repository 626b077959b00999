"""Reads past days again, in windows, several at once; then works out once what every system should hold.

**Reads** the systems that the form names, through their connections. **Writes** the warehouse: `landing`,
`validated` and the ledger. To systems only with *Write back afterwards*: then one set of net changes is planned
when the whole range was read, and approved as any other. While a backfill runs, nights read and reconcile as
always, and nothing is written back, because only a part of the range was read; the reconcile at its end makes up
for such a night.

**Safe to run again?** Yes. A window that is read again replaces itself, and older data never overwrites newer.
It does not depend on the terminal that started it: `./concord backfills list`, `follow`, `cancel` and `resume`
work from any other.

**When red:** the log of the failed `fill` says which window was not read or not accepted, and why; the others
were. Correct the cause, then `./concord backfills resume`, or clear the failed tasks. The next night heals what
is missing.
"""

from typing import Any

from airflow.sdk import DAG, TriggerRule, task

from concord import registry
from concord.contract import System
from concord.dag_ids import BACKFILL
from concord.installed import as_called
from concord.orchestration import backfilling
from concord.orchestration.defaults import DEFAULTS, PRESENT_RUNS

WINDOW = "{{ task.op_kwargs['window']['resource'] }} from {{ task.op_kwargs['window']['start'][:10] }}"


def fill_system(system: System) -> Any:  # an XComArg
    """The tasks of one system: choose its windows, then read each of them."""
    windows = task(task_id=f"windows_{system.name}")(backfilling.choose_windows)(system.name)
    fill = task(task_id=f"fill_{system.name}", pool=system.name, map_index_template=WINDOW)(backfilling.fill)
    return fill.partial(system_name=system.name).expand(window=windows)


with DAG(
    dag_id=BACKFILL,
    doc_md=as_called(__doc__),
    schedule=None,
    catchup=False,
    max_active_runs=1,
    allowed_run_types=PRESENT_RUNS,
    default_args=dict(DEFAULTS),
    params=backfilling.range_params(),
    render_template_as_native_obj=True,
    tags=["stage:backfill", "impact:warehouse"],
):
    # A window may be skipped, and a system that is not asked for has none.
    reconcile = backfilling.start_reconcile(write_back="{{ params.write_back }}", when=TriggerRule.NONE_FAILED)
    for each in registry.systems():
        fill_system(each) >> reconcile
