"""The static side: format, lint, types, layers, sizes, words, SQL style and dbt's own reading of its project.

All steps run, even when one fails; what failed is shown first, the table of all steps last.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.quality.sizes import PYTHON_FOLDERS, find_oversized
from concord.quality.words import find_forbidden
from concord.settings import REPOSITORY, Settings
from concord.stages.transform import connection_variables, dbt_options
from concord.store.engine import Database
from concord.store.migrate import migrate

AT_ONCE = 2
DBT_FOLDER = "dbt_project"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended; an empty complaint is a pass, and a skipped step says why in `remark`."""

    name: str
    complaint: str
    seconds: float
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a function that returns its complaint, empty when there is none."""

    name: str
    run: Callable[[], str]
    needs: Path | None = None


def run_checks(args: Sequence[str] = (), root: Path = REPOSITORY) -> int:
    """Run all steps, or those named in `args`; 0 when all of them pass."""
    console = Console(emoji=False)
    with scratch_settings(root) as settings:
        steps = make_steps(root, settings)
        unknown = set(args) - {step.name for step in steps}
        if unknown:
            console.print(
                f"No such check: {', '.join(sorted(unknown))}. There are: {', '.join(s.name for s in steps)}."
            )
            return 2
        chosen = [step for step in steps if not args or step.name in args]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(take, chosen))
    show(console, outcomes)
    return int(any(outcome.complaint for outcome in outcomes))


def make_steps(root: Path, settings: Settings) -> list[Step]:
    """The checks, the slow ones first so that they overlap best."""
    environment = tool_environment(settings)
    folders = [folder for folder in PYTHON_FOLDERS if (root / folder).exists()]
    dbt = root / DBT_FOLDER

    def command(*arguments: str, folder: Path = root) -> Callable[[], str]:
        return lambda: run_tool(arguments, folder, environment)

    return [
        Step("sql", command("sqlfluff", "lint", "--nocolor", "--disable-progress-bar", "models", folder=dbt), dbt),
        Step("types", command("mypy")),
        Step("dbt", command("dbt", "parse", "--no-partial-parse", *dbt_options(settings)), dbt),
        Step("layers", command("lint-imports")),
        Step("format", command("ruff", "format", "--check", "--quiet", "--diff", *folders)),
        Step("lint", command("ruff", "check", "--quiet", "--output-format=concise", *folders)),
        Step("sizes", lambda: "\n".join(find_oversized(root))),
        Step("words", lambda: "\n".join(find_forbidden(root))),
    ]


def take(step: Step) -> Outcome:
    """Run one step and time it."""
    started = time.monotonic()
    if step.needs is not None and not step.needs.exists():
        return Outcome(step.name, "", 0.0, f"skipped: there is no {step.needs.name}")
    complaint = step.run()
    return Outcome(step.name, complaint, time.monotonic() - started)


def run_tool(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run a tool of our environment; its output when it fails, nothing when it passes."""
    program = Path(sysconfig.get_path("scripts")) / arguments[0]
    if not program.exists():
        return f"{arguments[0]} is not installed; run this as ./concord check, which installs it."
    finished = subprocess.run(
        [str(program), *arguments[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if finished.returncode == 0:
        return ""
    return f"{finished.stdout}\n{finished.stderr}".strip() or f"It ended with status {finished.returncode}."


@contextmanager
def scratch_settings(root: Path) -> Iterator[Settings]:
    """Settings with an empty warehouse: SQL style is checked on compiled models, and compiling asks a database."""
    with (
        tempfile.TemporaryDirectory(prefix="concord-check-") as folder,
        Processes(Path(folder), is_bound=True) as processes,
    ):
        url = ""
        if (root / DBT_FOLDER).exists():
            server = Postgres(Path(folder), processes, settings=FORGETFUL, databases=["concord"])
            server.start()
            url = server.url()
            migrate(Database(url))
        yield Settings(warehouse_url=url, home=Path(folder), dbt_project=root / DBT_FOLDER)


def tool_environment(settings: Settings) -> dict[str, str]:
    """The environment in which the tools run; dbt's files go to the scratch folder."""
    return {
        **os.environ,
        **connection_variables(settings.warehouse_url),
        "DBT_TARGET_PATH": str(settings.home / "target"),
        "DBT_LOG_PATH": str(settings.home / "logs"),
        "DBT_USE_COLORS": "false",
        "NO_COLOR": "1",
    }


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """What failed, then one line per step."""
    for outcome in outcomes:
        if outcome.complaint:
            console.rule(f"[bold red]{outcome.name}", align="left")
            console.print(escape(outcome.complaint), highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("check", "result", "seconds"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for outcome in outcomes:
        result = "[red]failed" if outcome.complaint else outcome.remark or "[green]passed"
        table.add_row(outcome.name, result, f"{outcome.seconds:.1f}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(run_checks(sys.argv[1:]))
