"""The demo from nothing to the verdict: start, night, report, judgement, and a clean end."""

import shutil
import signal
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from concord import registry
from concord.cli.follow import approve_at_once, leave_to_person, say_task
from concord.cli.night import Conductor, Night, tonight
from concord.cli.progress import Board
from concord.cli.start import open_api, prepare_warehouse, start_airflow
from concord.demo.judging import check_night, count_left, say_verdict
from concord.demo.places import DatabasePlace, ErpPlace, Place, choose_places, list_connections, stageable
from concord.errors import ConfigurationError
from concord.local.installation import Installation, refuse_running
from concord.reporting.terminal import render_terminal
from concord.settings import choose_systems, read_settings
from concord.stages.report import build_report, write_report
from concord.store.engine import Database
from sandbox.world import World, generate

if TYPE_CHECKING:
    from concord.local.airflow import Airflow

ORDERS_PER_CUSTOMER = 3
PRODUCTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the caller asked for; `cache` keeps what is made once, `home` is made anew."""

    home: Path
    cache: Path
    once: bool
    nights: int
    seed: int
    customers: int
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo that is up."""

    installation: Installation
    airflow: "Airflow"
    places: dict[str, Place]
    world: World

    @property
    def database(self) -> Database:
        """Its warehouse."""
        return Database(self.installation.postgres.url())


def run_demo(options: DemoOptions, console: Console) -> bool:
    """Run it; True when the night was right."""
    check_names(options.systems)
    choose_systems(options.systems)
    refuse_running(options.home)
    shutil.rmtree(options.home, ignore_errors=True)
    with Installation(options.home, is_bound=True) as installation:
        with Board(console) as board:
            stage = start_stage(options, installation, board)
        console.print(f"\nAirflow   {stage.airflow.url}   user admin, password {stage.airflow.password}\n")
        # Every night is run, also after one that was not right.
        nights = [run_one(options, stage, console, number) for number in range(1, options.nights + 1)]
        if not options.once:
            stay(console)
        console.print("Stopping.")
    return all(nights)


def check_names(names: tuple[str, ...]) -> None:
    """Refuse a system that the demo cannot show."""
    known = stageable()
    unknown = [name for name in names if name not in known]
    for name in {system.name for system in registry.declared_systems()}.intersection(unknown):
        raise ConfigurationError(
            f"Nobody plays {name} in the demo; give it sandbox/vendors/{name}.py and sandbox/world/{name}.py."
        )
    if unknown or not names:
        raise ConfigurationError(
            f"There is no system {', '.join(unknown) or 'named'}; choose among {', '.join(known)}."
        )


def start_stage(options: DemoOptions, installation: Installation, board: Board) -> Stage:
    """Start everything, what can be side by side side by side."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    world = generate(
        options.seed,
        as_of=midnight,
        customers=options.customers,
        products=PRODUCTS,
        orders=options.customers * ORDERS_PER_CUSTOMER,
    )
    places = choose_places(options.systems, installation)
    needed = {system.name: system.connection for system in registry.systems()}
    with ThreadPoolExecutor(thread_name_prefix="start") as pool:
        begun = pool.submit(_start_postgres, installation, board)
        wait_all(
            [
                pool.submit(_make_ready, place, installation, options.cache, (begun, board))
                for place in places.values()
            ]
        )
        filled = [pool.submit(_fill, place, world, installation, board) for place in places.values()]
        begun.result()
        warehouse = pool.submit(_prepare, installation, board)
        started = pool.submit(start_airflow, installation, board, connections=list_connections(places, needed))
        wait_all([*filled, warehouse, started])
    return Stage(installation, started.result(), places, world)


def wait_all(futures: Iterable[Future[Any]]) -> None:
    """Wait for all; the first error ends the wait."""
    for future in as_completed(list(futures)):
        future.result()


def _start_postgres(installation: Installation, board: Board) -> None:
    with board.step("PostgreSQL"):
        installation.start_postgres()


def _prepare(installation: Installation, board: Board) -> None:
    with board.step("Warehouse") as step:
        step.say(prepare_warehouse(installation.postgres.url()))


def _make_ready(
    place: Place, installation: Installation, cache: Path, beside: tuple["Future[None]", Board]
) -> None:
    """What a place needs before its connection is told; the old shop's database needs the server that begins."""
    begun, board = beside
    if isinstance(place, DatabasePlace):
        begun.result()
    if not isinstance(place, ErpPlace):
        place.prepare(installation, cache)
        return
    with board.step("Tryton's company") as step:
        step.say("made once, about a minute the first time")
        place.prepare(installation, cache)
        step.say("")


def _fill(place: Place, world: World, installation: Installation, board: Board) -> None:
    with board.step(registry.system(place.name).title) as step:
        step.say(place.start(world, installation.processes))
    installation.announce(**{f"{place.name}_url": place.url})


def run_one(options: DemoOptions, stage: Stage, console: Console, number: int) -> bool:
    """One night with its report, held against the truth."""
    if options.nights > 1:
        console.print(f"Night {number}", style="bold")
    with open_api(stage.airflow) as api:
        with Board(console) as board:
            decide = (approve_at_once if options.once else leave_to_person)(api, board)
            conductor = Conductor(api, board, systems=options.systems, decide=decide)
            logical_date, interval = tonight()
            if number > 1:
                logical_date, interval = _now()
            night = conductor.run(interval=interval, logical_date=logical_date)
        report = build_report(stage.database, night.reconcile_run)
        console.print(render_terminal(report))
        say_failures(night, stage.airflow.url, console)
        verdict = check_night(stage.world, stage.places, stage.database)
        left = count_left(report, stage.database) if number > 1 else None
        is_right = say_verdict(verdict, report, console, left=left) and night.is_right
        settings = read_settings(
            {"CONCORD_WAREHOUSE_URL": stage.database.url, "CONCORD_HOME": str(stage.installation.home)}
        )
        page = write_report(stage.database, settings, night.reconcile_run)
        console.print(
            f"\nReport    {page}\nAirflow   {stage.airflow.url}   user admin, password {stage.airflow.password}"
        )
    return is_right


def _now() -> tuple[datetime, tuple[datetime, datetime]]:
    now = datetime.now(UTC)
    return now, (now - timedelta(days=1), now)


def say_failures(night: Night, url: str, console: Console) -> None:
    """Name each run and task that did not come to its end."""
    for run in night.runs:
        if not run.is_finished:
            console.print(f"Not finished: {run.dag_id}, which waits to be tried again; see {url}.", style="red")
    for task in night.failures:
        console.print(f"Failed: {task.dag_id}, {say_task(task)}; its log is in {url}.", style="red")


def stay(console: Console) -> None:
    """Stay up until Ctrl-C or the end of the session."""
    console.print(
        "\nEverything stays up: look around in Airflow, or try in another terminal\n"
        "  ./concord status, ./concord plan list, ./concord night\n"
        "Ctrl-C ends it."
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print()
