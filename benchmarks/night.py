"""What a night costs with Airflow and all: the demo's first night, and one after it in which little changed.

    .venv/bin/python -m benchmarks.night [--customers 500] [--nights 2]

Wall seconds are those from the start of the first task to the end of the last; task seconds are the sum over all
tasks; CPU seconds are those of each program with all that it started. The sandbox's vendors are not counted.
"""

import argparse
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from concord.cli.demo import DemoOptions, DemoStart, start_demo
from concord.cli.installation_start import open_api
from concord.cli.night_run import run_night
from concord.cli.night_stages import NightSystems, NightWindow
from concord.cli.plan_questions import choose_decision
from concord.cli.progress import Board
from concord.installed import PRODUCT
from concord.local.airflow import Airflow
from concord.local.installation import Installation
from concord.settings import choose_systems
from concord.testing.databases import open_folder
from sandbox.staging import DEMO_SYSTEMS

PROGRAMS = ("scheduler", "api-server", "dag-processor", "triggerer", "postgres")
_TASKS = """
select count(*), sum(duration), extract(epoch from max(end_date) - min(start_date))
from task_instance where start_date >= %s
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=500)
    options.add_argument("--nights", type=int, default=2)
    given = options.parse_args()
    choose_systems(DEMO_SYSTEMS)
    console = Console(width=120)
    table = Table("night", "tasks", "wall s", "task s", *PROGRAMS, "CPU s")
    with open_folder() as home, Installation(home, is_bound=True) as installation, Board(console) as board:
        demo = start_demo(describe(home, given), DemoStart(installation, board, PRODUCT / ".concord"))
        for number in range(1, given.nights + 1):
            began, before = datetime.now(UTC), cpu_of_programs()
            run(demo.airflow, board, is_first=number == 1)
            spent = cpu_of_programs()
            spent.subtract(before)
            parts = [f"{spent[name]:.0f}" for name in PROGRAMS]
            table.add_row(str(number), *read_tasks(installation, began), *parts, f"{spent.total():.0f}")
    console.print(table)


def describe(home: Path, given: argparse.Namespace) -> DemoOptions:
    """The demo as it is without options, but for the number of customers."""
    return DemoOptions(
        home=home,
        cache=PRODUCT / ".concord",
        once=True,
        nights=given.nights,
        seed=7,
        customers=given.customers,
        systems=DEMO_SYSTEMS,
    )


def run(airflow: Airflow, board: Board, *, is_first: bool) -> None:
    """Run a night; SystemExit where it was not right."""
    window = NightWindow.of_schedule() if is_first else NightWindow.until_now()
    with open_api(airflow) as api:
        decide = choose_decision(api, board, is_approving=True)
        systems = NightSystems.registered(DEMO_SYSTEMS)
        night = run_night(api, board, systems=systems, window=window, decide=decide)
    if not night.is_right:
        sys.exit("The night was not right, so its figures say nothing.")


def cpu_of_programs() -> Counter[str]:
    """CPU seconds so far of each program, with its tasks and connections that have ended."""
    spent: Counter[str] = Counter()
    for keeper in psutil.Process().children():
        name = next((name for name in PROGRAMS if name in " ".join(keeper.cmdline())), "")
        for process in keeper.children(recursive=True) if name else ():
            with suppress(psutil.NoSuchProcess):  # ended since it was listed
                times = process.cpu_times()
                spent[name] += times.user + times.system + times.children_user + times.children_system
    return spent


def read_tasks(installation: Installation, since: datetime) -> list[str]:
    """The number of tasks since then, wall seconds from the first to the last, and seconds of all tasks."""
    with psycopg.connect(installation.postgres.url("airflow")) as connection:
        count, seconds, wall = connection.execute(_TASKS, (since,)).fetchone() or (0, 0, 0)
    return [str(count), f"{wall:.0f}", f"{seconds:.0f}"]


if __name__ == "__main__":
    main()
