"""Backfills through Airflow's own backfill, side by side per system, then one reconcile."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from concord import registry
from concord.cli.follow import POLL_SECONDS, follow_run
from concord.cli.night import INGEST, RECONCILE, WRITE_BACK
from concord.cli.progress import Board, Step
from concord.errors import BatchError

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi

Span = tuple[datetime, datetime]


def run_backfill(
    api: "AirflowApi", console: Console, *, span: Span, systems: Sequence[str], write_back: bool
) -> None:
    """Fill the windows of these days; one reconcile follows, and write-backs only where they are wanted."""
    names = [registry.system(name).name for name in systems] or [item.name for item in registry.systems()]
    targets = [f"{WRITE_BACK}{item.name}" for item in registry.written_systems()]
    with api, Board(console) as board:
        with paused(api, [RECONCILE, *targets]):
            fill_windows(api, board, names=names, span=span)
        with paused(api, [] if write_back else targets):
            api.set_paused(RECONCILE, is_paused=False)
            run_id = api.trigger(RECONCILE)
            follow_run(api, board, run=api.run(RECONCILE, run_id), title="Reconcile")
    if write_back:
        console.print(f"The write-backs begin now; follow them in {api.url}.")
    else:
        console.print("Nothing was written to any system. The next night plans the net changes.")


@contextmanager
def paused(api: "AirflowApi", dags: Sequence[str]) -> Iterator[None]:
    """Keep Dags from being started by what happens in the block; those that were paused stay so."""
    before = api.paused_dag_ids()
    running = [dag for dag in dags if dag not in before]
    for dag in running:
        api.set_paused(dag, is_paused=True)
    try:
        yield
    finally:
        for dag in running:
            api.set_paused(dag, is_paused=False)


def fill_windows(api: "AirflowApi", board: Board, *, names: Sequence[str], span: Span) -> None:
    """One Airflow backfill per system; waits for all of them."""
    first, last = span
    days = (last - first).days + 1
    backfills: dict[int, tuple[str, Step]] = {}
    for name in names:
        dag = f"{INGEST}{name}"
        api.set_paused(dag, is_paused=False)
        backfill = api.create_backfill(dag, first=first, last=last, reprocess="completed")
        backfills[backfill] = (dag, board.begin(f"Read {name} again"))
    waiting = dict(backfills)
    while waiting:
        for backfill, (dag, step) in list(waiting.items()):
            runs = _list_runs(api, dag, span)
            step.say(f"{sum(state == 'success' for state in runs)} of {days} days")
            if api.is_backfill_complete(backfill):
                board.end(step, is_failed="failed" in runs)
                del waiting[backfill]
        time.sleep(POLL_SECONDS if waiting else 0)
    failed = [dag for dag, step in backfills.values() if step.is_failed]
    if failed:
        raise BatchError(
            f"Days of {', '.join(failed)} failed; see their runs in {api.url}. The other days are filled."
        )


def _list_runs(api: "AirflowApi", dag: str, span: Span) -> list[str]:
    """The states of the runs whose day lies in the span."""
    first, last = span
    filters = {"logical_date_gte": first.isoformat(), "logical_date_lte": last.isoformat()}
    return [run.state for run in api.runs(dag, **filters)]
