"""Runs the demo: starts the systems of the sandbox and an installation, runs nights, and judges each of them."""

import shutil
import signal
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

import concord.sandbox_path  # noqa: F401  # before the sandbox
from concord import registry
from concord.cli.dag_runs import say_task
from concord.cli.installation_start import open_api, prepare_warehouse, start_airflow
from concord.cli.night_run import NightResult, run_night
from concord.cli.night_stages import NightSystems, NightWindow
from concord.cli.plan_questions import choose_decision
from concord.cli.progress import Board
from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.local.installation import Installation, refuse_running
from concord.project import read_project
from concord.reporting.queries import read_report
from concord.reporting.terminal import render_terminal
from concord.settings import choose_systems, read_settings
from concord.stages.report.write_report import write_report
from concord.store.engine import Database
from sandbox.referee.night import count_planned_again, judge_night
from sandbox.referee.verdict_report import print_verdict
from sandbox.staged_system import StagedSystem
from sandbox.staging import DEMO_SYSTEMS, stage_systems, stageable_systems
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
class RunningDemo:
    """A demo that is up."""

    installation: Installation
    airflow: "Airflow"
    systems: dict[str, StagedSystem]
    world: World

    @property
    def database(self) -> Database:
        """Its warehouse."""
        return Database(self.installation.postgres.url())


@dataclass(frozen=True, slots=True)
class DemoStart:
    """The steps by which a demo starts; several threads take them side by side."""

    installation: Installation
    board: Board
    cache: Path

    def start_postgres(self) -> None:
        """Start the database server."""
        with self.board.step("PostgreSQL"):
            self.installation.start_postgres()

    def prepare_warehouse(self) -> None:
        """Create the warehouse's tables."""
        with self.board.step("Warehouse") as step:
            step.say(prepare_warehouse(self.installation.postgres.url()))

    def prepare(self, system: StagedSystem, postgres: "Future[None]") -> None:
        """Make what the connection to a system must know of; waits for PostgreSQL where that is needed."""
        if system.needs_database_server:
            postgres.result()
        if system.slow_preparation is None:
            system.prepare(self.installation, self.cache)
            return
        with self.board.step(system.slow_preparation) as step:
            step.say("made once, about a minute the first time")
            system.prepare(self.installation, self.cache)
            step.say("")

    def fill(self, system: StagedSystem, world: World) -> None:
        """Fill a system with its share of the world and start it."""
        with self.board.step(registry.system(system.name).title) as step:
            step.say(system.start(world, self.installation.processes))
        self.installation.announce(**{f"{system.name}_url": system.url})


def choose_demo_systems(names: str) -> tuple[str, ...]:
    """The systems of a demo: those named, separated by commas, or all; else the project's, or the default ones.

    Raises ConfigurationError for a system that the sandbox cannot stage.
    """
    chosen = tuple(name.strip() for name in names.split(",") if name.strip())
    if chosen == ("all",):
        return tuple(stageable_systems())
    project = read_project()
    chosen = chosen or tuple(project.systems if project else DEMO_SYSTEMS)
    check_names(chosen)
    return chosen


def check_names(names: tuple[str, ...]) -> None:
    """Raise ConfigurationError for a system that the sandbox cannot stage."""
    known = stageable_systems()
    unknown = [name for name in names if name not in known]
    for name in {system.name for system in registry.declared_systems()}.intersection(unknown):
        raise ConfigurationError(
            f"The sandbox has no {name}; give it sandbox/{name}/ in the project, with vendor.py and world.py."
        )
    if unknown:
        raise ConfigurationError(f"There is no system {', '.join(unknown)}; choose among {', '.join(known)}.")


def run_demo(options: DemoOptions, console: Console) -> bool:
    """Run the demo; True when every night was right."""
    choose_systems(options.systems)
    refuse_running(options.home)
    shutil.rmtree(options.home, ignore_errors=True)
    with Installation(options.home, is_bound=True) as installation:
        with Board(console) as board:
            demo = start_demo(options, DemoStart(installation, board, options.cache))
        console.print(f"\nAirflow   {demo.airflow.url}   user admin, password {demo.airflow.password}\n")
        # Every night is run, also after one that was not right.
        nights = [run_demo_night(options, demo, console, number) for number in range(1, options.nights + 1)]
        if not options.once:
            wait_for_interrupt(console)
        console.print("Stopping.")
    return all(nights)


def start_demo(options: DemoOptions, start: DemoStart) -> RunningDemo:
    """Start the installation and the systems; what does not depend on each other starts side by side."""
    world = generate_world(options)
    systems = stage_systems(options.systems, start.installation)
    with ThreadPoolExecutor(thread_name_prefix="start") as pool:
        postgres = pool.submit(start.start_postgres)
        wait_all([pool.submit(start.prepare, system, postgres) for system in systems.values()])
        filled = [pool.submit(start.fill, system, world) for system in systems.values()]
        postgres.result()
        warehouse = pool.submit(start.prepare_warehouse)
        connections = {registry.system(name).connection: system.connection() for name, system in systems.items()}
        airflow = pool.submit(start_airflow, start.installation, start.board, connections=connections)
        wait_all([*filled, warehouse, airflow])
    return RunningDemo(start.installation, airflow.result(), systems, world)


def generate_world(options: DemoOptions) -> World:
    """The world as it is at midnight (UTC)."""
    return generate(
        options.seed,
        as_of=datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
        customers=options.customers,
        products=PRODUCTS,
        orders=options.customers * ORDERS_PER_CUSTOMER,
    )


def wait_all(futures: Iterable[Future[Any]]) -> None:
    """Wait for all; the first error ends the wait."""
    for future in as_completed(list(futures)):
        future.result()


def run_demo_night(options: DemoOptions, demo: RunningDemo, console: Console, number: int) -> bool:
    """Run one night, print its report, and judge it; True when it was right."""
    if options.nights > 1:
        console.print(f"Night {number}", style="bold")
    window = NightWindow.of_schedule() if number == 1 else NightWindow.until_now()
    with open_api(demo.airflow) as api, Board(console) as board:
        decide = choose_decision(api, board, is_approving=options.once)
        systems = NightSystems.registered(options.systems)
        night = run_night(api, board, systems=systems, window=window, decide=decide)
    report = read_report(demo.database, night.reconcile_run)
    console.print(render_terminal(report))
    print_failures(night, demo.airflow.url, console)
    verdict = judge_night(demo.world, demo.systems, demo.database)
    planned_again = count_planned_again(report, demo.database) if number > 1 else None
    is_right = print_verdict(verdict, report, console, planned_again=planned_again) and night.is_right
    console.print(
        f"\nReport    {write_report_page(demo, night)}\n"
        f"Airflow   {demo.airflow.url}   user admin, password {demo.airflow.password}",
        soft_wrap=True,
    )
    return is_right


def write_report_page(demo: RunningDemo, night: NightResult) -> Path:
    """Write the report of a night as one page; returns its path."""
    settings = read_settings(
        {"CONCORD_WAREHOUSE_URL": demo.database.url, "CONCORD_HOME": str(demo.installation.home)}
    )
    return write_report(demo.database, settings, night.reconcile_run)


def print_failures(night: NightResult, url: str, console: Console) -> None:
    """Name each run that did not end, and each task that failed."""
    for run in night.runs:
        if not run.is_finished:
            console.print(f"Not finished: {run.dag_id}, which waits to be tried again; see {url}.", style="red")
    for task in night.failures:
        console.print(f"Failed: {task.dag_id}, {say_task(task)}; its log is in {url}.", style="red")


def wait_for_interrupt(console: Console) -> None:
    """Keep everything running until Ctrl-C or the end of the session."""
    console.print(
        "\nEverything stays up: look around in Airflow, or try in another terminal\n"
        f"  {COMMAND} status, {COMMAND} plan list, {COMMAND} night\n"
        "Ctrl-C ends it."
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print()
