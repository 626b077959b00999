"""The checks that run nothing of the product: format, lint, types, imports, sizes, words, SQL style, dbt's parser.

All steps run, even when one fails; what failed is shown first, the table of all steps last.
"""

import os
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from concord import registry
from concord.installed import PRODUCT
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.project import VARIABLE
from concord.settings import Settings
from concord.stages.reconcile.root_project import ROOT
from concord.stages.reconcile.transform import connection_variables, dbt_options
from concord.store.engine import Database
from concord.store.migrate import migrate
from tools.citus import find_citus_breaches
from tools.ledger import find_ledger_breaches
from tools.sizes import PYTHON_FOLDERS, find_oversized, measure_median
from tools.sql_style import lint_models
from tools.vendors import find_vendor_breaches
from tools.words import find_forbidden

AT_ONCE = 2
DBT_FOLDER = "dbt_project"
LINT_SQL = ("sqlfluff", "lint", "--nocolor", "--disable-progress-bar")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended; an empty complaint is a pass, `remark` a few words about it."""

    name: str
    complaint: str
    seconds: float
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One check: `run` returns its complaint, empty when there is none; `measure` a remark about a pass.

    A step that works on a `folder` is skipped where the folder is missing, and gets an empty warehouse.
    """

    name: str
    run: Callable[[Settings], str]
    folder: Path | None = None
    measure: Callable[[], str] = str


def run_checks(args: Sequence[str] = (), root: Path = PRODUCT) -> int:
    """Run all steps, or those named in `args`; 0 when all of them pass, 2 when there is no step of such a name."""
    console = Console(emoji=False)
    steps = make_steps(root)
    unknown = set(args) - {step.name for step in steps}
    if unknown:
        names = ", ".join(step.name for step in steps)
        console.print(f"No such check: {', '.join(sorted(unknown))}. There are: {names}.", soft_wrap=True)
        return 2
    chosen = [step for step in steps if not args or step.name in args]
    has_warehouse = any(_has_folder(step) for step in chosen)
    with scratch_settings(root, has_warehouse=has_warehouse) as settings, ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda step: take(step, settings), chosen))
    show(console, outcomes)
    return int(any(outcome.complaint for outcome in outcomes))


def make_steps(root: Path) -> list[Step]:
    """The checks, the slow ones first so that they overlap best."""
    folders = [folder for folder in PYTHON_FOLDERS if (root / folder).exists()]
    dbt = root / DBT_FOLDER

    def command(*arguments: str, folder: Path = root) -> Callable[[Settings], str]:
        return lambda settings: run_tool(arguments, folder, tool_environment(settings))

    def parse_dbt(settings: Settings) -> str:
        return command("dbt", "parse", "--no-partial-parse", *dbt_options(settings, registry.systems()))(settings)

    def lint_sql(settings: Settings) -> str:
        complaints = [lint_models(root, dbt, lambda models: command(*LINT_SQL, *models, folder=dbt)(settings))]
        examples = sorted(path.parent for path in (root / "examples").glob("*/models"))
        complaints += [lint_models(root, each, partial(lint_example, root, each, settings)) for each in examples]
        return "\n".join(filter(None, complaints))

    return [
        Step("sql", lint_sql, dbt),
        Step("types", command("mypy")),
        Step("dbt", parse_dbt, dbt),
        Step("layers", command("lint-imports")),
        Step("format", command("ruff", "format", "--check", "--quiet", "--diff", *folders)),
        Step("lint", command("ruff", "check", "--quiet", "--output-format=concise", *folders)),
        Step("sizes", lambda _: "\n".join(find_oversized(root)), measure=lambda: say_median(root)),
        Step("ledger", lambda _: "\n".join(find_ledger_breaches(root))),
        Step("citus", lambda _: "\n".join(find_citus_breaches(root))),
        Step("vendors", lambda _: "\n".join(find_vendor_breaches(root))),
        Step("words", lambda _: "\n".join(find_forbidden(root))),
    ]


def lint_example(root: Path, example: Path, settings: Settings, models: Sequence[str]) -> str:
    """The complaint of sqlfluff about models of an example, in the dbt project that Concord makes of it."""
    own = replace(settings, home=settings.home / example.name)
    environment = {
        **tool_environment(own),
        VARIABLE: str(example),
        "CONCORD_HOME": str(own.home),
        "CONCORD_WAREHOUSE_URL": own.warehouse_url,
    }
    complaint = run_tool(("python", "-m", "tools.example_project"), root, environment)
    if not complaint:
        folder = own.home / "dbt" / ROOT
        style = (root / ".sqlfluff").read_text(encoding="utf-8")
        (folder / ".sqlfluff").write_text(style.replace(f"./{DBT_FOLDER}", "."), encoding="utf-8")
        complaint = run_tool((*LINT_SQL, *models), folder, environment)
    return complaint and f"{example.relative_to(root)}:\n{complaint}"


def say_median(root: Path) -> str:
    """The median length of the functions, in words."""
    return f"the median function has {measure_median(root):g} lines"


def take(step: Step, settings: Settings) -> Outcome:
    """Run one step and time it."""
    started = time.monotonic()
    if step.folder is not None and not step.folder.exists():
        return Outcome(step.name, "", 0.0, f"skipped: there is no {step.folder.name}")
    complaint = step.run(settings)
    return Outcome(step.name, complaint, time.monotonic() - started, step.measure())


def _has_folder(step: Step) -> bool:
    return step.folder is not None and step.folder.exists()


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
def scratch_settings(root: Path, *, has_warehouse: bool) -> Iterator[Settings]:
    """Settings, with an empty warehouse on request: the SQL check compiles models, which takes a database."""
    with (
        tempfile.TemporaryDirectory(prefix="concord-check-") as folder,
        Processes(Path(folder), is_bound=True) as processes,
    ):
        url = ""
        if has_warehouse:
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
    for column in ("check", "result", "seconds", ""):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for outcome in outcomes:
        is_skipped = outcome.remark.startswith("skipped")
        result = "[red]failed" if outcome.complaint else "–" if is_skipped else "[green]passed"
        table.add_row(outcome.name, result, f"{outcome.seconds:.1f}", outcome.remark)
    console.print(table)
