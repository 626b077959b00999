"""What the documents name exists: files, functions, folders, layers, commands, links, alarms and Dags."""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from concord.cli.main import app
from concord.installed import PRODUCT
from tools.checks import make_steps

PACKAGE = PRODUCT / "plugins" / "concord"
DOCS = PRODUCT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *PRODUCT.glob("*.md"), *PRODUCT.glob("*/README.md")])
LAUNCHER = {"test", "lock", "install"}
PATH = re.compile(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|md|toml))(?::([\w.]+))?`")
COMMAND = re.compile(r"(?:`|^)\./concord\b([^`\n#]*)", re.MULTILINE)


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def find(name: str, roots: Sequence[Path] = (PRODUCT, PACKAGE)) -> Path | None:
    """A path of the repository, or one of the package."""
    return next((root / name for root in roots if (root / name).exists()), None)


@cache
def names_in(path: Path) -> frozenset[str]:
    """What a Python file defines at its top, and in its classes as `Class.name`."""
    return frozenset(defined_in(ast.parse(path.read_text(encoding="utf-8")).body))


def defined_in(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield f"{prefix}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from defined_in(node.body, f"{node.name}.")
        if isinstance(node, ast.Assign):
            yield from (f"{prefix}{target.id}" for target in node.targets if isinstance(target, ast.Name))


def test_every_file_and_function_of_the_architecture_exists() -> None:
    named = PATH.findall(read("architecture.md"))
    assert len(named) > 80
    assert [path for path, _ in named if find(path) is None] == []
    functions = [(path, name) for path, name in named if name]
    assert len(functions) > 50
    missing = [f"{path}:{name}" for path, name in functions if name not in names_in(find(path) or Path())]
    assert missing == []


def test_every_path_that_a_page_names_exists() -> None:
    dbt, examples = PRODUCT / "dbt_project", PRODUCT / "examples"
    roots = (PRODUCT, PACKAGE, dbt, dbt / "models", examples / "help_desk", examples / "online_shop")
    pages = [page for page in PAGES if page.name != "CHANGELOG.md" and page.parent.name != "sandbox"]
    spans = [(page, path) for page in pages for path, _ in PATH.findall(page.read_text(encoding="utf-8"))]
    named = [(page, path) for page, path in spans if "/" in path]
    assert len(named) > 150
    missing = [f"{page.name}: {path}" for page, path in named if find(path, (*roots, page.parent)) is None]
    assert [name for name in missing if ": .concord/" not in name] == []  # made when Concord runs


def test_the_runbook_explains_each_cause_of_a_discrepancy() -> None:
    models = yaml.safe_load((PRODUCT / "dbt_project/models/marts/reconciliation/_reconciliation.yml").read_text())
    columns = [
        column for model in models["models"] for column in model.get("columns", []) if column["name"] == "cause"
    ]
    tests = [test for column in columns for test in column.get("data_tests", []) if "accepted_values" in test]
    causes = {
        cause.replace("_", " ") for test in tests for cause in test["accepted_values"]["arguments"]["values"]
    }
    rows = re.findall(
        r"^\| ([^|]+) \|", read("runbook.md").partition("## Causes")[2].partition("\n## ")[0], re.MULTILINE
    )
    explained = {word for row in rows for word in row.split(", ")}
    assert len(causes) > 10
    assert causes - explained == set()


def block(heading: str) -> list[str]:
    """The lines of the first code block below a heading of the architecture."""
    text = read("architecture.md").partition(f"## {heading}\n")[2]
    return text.split("```")[1].strip("\n").splitlines()


def paths_of_tree() -> Iterator[str]:
    above: list[str] = []
    for line in block("The tree"):
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.split(r" {2,}", line.strip())[0].split(" ")
        del above[depth:]
        yield from ("".join([*above, name]) for name in names)
        above.append(names[0])


def test_every_folder_of_the_tree_exists_and_none_is_missing() -> None:
    paths = list(paths_of_tree())
    assert len(paths) > 30
    assert [path for path in paths if not (PRODUCT / path).exists()] == []
    packages = {f"plugins/concord/{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert packages - set(paths) == set()


def checked_layers() -> list[str]:
    config = tomllib.loads((PRODUCT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    return next(contract["layers"] for contract in contracts if contract["containers"] == ["concord"])


def test_the_layers_are_those_that_are_checked() -> None:
    there = [
        [name for name in re.findall(r"\w+", layer) if list(PACKAGE.glob(f"{name}*"))]
        for layer in checked_layers()
    ]
    assert block("Who may import whom") == [", ".join(names) for names in there]


def test_the_record_is_followed_downwards_through_the_layers() -> None:
    walk = read("architecture.md").partition("## Follow one record\n")[2].partition("\n## ")[0]
    rooms = [re.split(r"[/.]", row)[0] for row in re.findall(r"^\| `([^`]+)`", walk, re.MULTILINE)]
    levels = {name: level for level, layer in enumerate(checked_layers()) for name in re.findall(r"\w+", layer)}
    steps = [(room, levels.get(room, levels["stages"])) for room in rooms if room != "dags"]
    assert len(steps) > 40
    climbs = [(above, below) for above, below in pairwise(steps) if below[1] < above[1]]
    assert [below for _, below in climbs if below[0] != "orchestration"] == []


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command that a page names, with the page."""
    for page in PAGES:
        for words in COMMAND.findall(page.read_text(encoding="utf-8")):
            yield page.name, words.split()


def breach(words: list[str]) -> str:
    """What is wrong with a command, empty where all of its verbs and options exist."""
    verb = get_command(app)
    words = words[2:] if words[:1] == ["--project"] else words
    rest = list(words)
    if rest[:1] == ["check"]:
        return ", ".join(set(rest[1:]) - {step.name for step in make_steps(PRODUCT)})
    if rest and rest[0] in LAUNCHER:
        return ""
    while isinstance(verb, TyperGroup) and rest and (name := rest.pop(0)) and not name.startswith("-"):
        if name not in verb.commands:
            return name
        verb = verb.commands[name]
    known = {option for parameter in verb.params for option in [*parameter.opts, *parameter.secondary_opts]}
    return ", ".join(word for word in words if word.startswith("--") and word != "--help" and word not in known)


def test_every_command_that_a_page_names_exists() -> None:
    named = list(commands())
    assert len(named) > 40
    assert {(page, wrong) for page, words in named if (wrong := breach(words))} == set()


@pytest.mark.parametrize(
    ("words", "wrong"),
    [("status", ""), ("night --approve", ""), ("frobnicate", "frobnicate"), ("demo --twice", "--twice")],
)
def test_a_command_that_does_not_exist_is_found(words: str, wrong: str) -> None:
    assert breach(words.split()) == wrong


def test_every_link_of_a_page_leads_to_a_file() -> None:
    links = [
        (page, link)
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 10
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_every_alarm_has_a_chapter_in_the_runbook_and_the_reverse() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "monitoring").glob("*.py"))
    alarms = set(re.findall(r'Alarm\(\s*"([a-z ]+)"', source))
    chapters = read("runbook.md").partition("## Alarms")[2].partition("\n## ")[0]
    assert len(alarms) > 5
    assert set(re.findall(r"^### (.+)$", chapters, re.MULTILINE)) == alarms


def test_every_dag_has_a_row_in_the_runbook_and_the_reverse() -> None:
    table = read("runbook.md").partition("## When a Dag is red")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z_]+)(?:_<system>)?`", row.split("|")[1])}
    assert named == {path.stem for path in (PRODUCT / "dags").glob("*.py")}


def test_every_error_message_of_the_runbook_is_one_of_the_code() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    table = read("runbook.md").partition("## Error messages")[2].partition("\n## ")[0]
    messages = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(messages) > 5
    assert [words for words in messages if any(part not in source for part in words.split("…"))] == []
