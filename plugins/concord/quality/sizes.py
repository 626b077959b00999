"""Ceilings on files, functions and parameter lists, measured on the syntax tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 350
SYSTEM_FILE_LINES = 200
DAG_FILE_LINES = 80
FUNCTION_LINES = 50
TEST_FUNCTION_LINES = 30
PARAMETERS = 5
POSITIONAL_PARAMETERS = 4
MODEL_LINES = 80
RECONCILIATION_LINES = 120

PYTHON_FOLDERS = ("plugins", "dags", "sandbox", "benchmarks", "tests")
MODELS = "dbt_project/models"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_oversized(root: Path) -> list[str]:
    """Every breach below a root, as `path:line: what is too large`."""
    found: list[str] = []
    for folder in PYTHON_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            found.extend(f"{path.relative_to(root)}{breach}" for breach in measure_python(path, root))
    for path in sorted((root / MODELS).rglob("*.sql")):
        found.extend(f"{path.relative_to(root)}{breach}" for breach in measure_model(path))
    return found


def measure_python(path: Path, root: Path) -> Iterator[str]:
    """The breaches of one Python file."""
    text = path.read_text(encoding="utf-8")
    place = path.relative_to(root).parts
    yield from check(":1", "the file", len(text.splitlines()), most=file_ceiling(place))
    is_test = place[0] == "tests"
    for node in ast.walk(ast.parse(text, filename=str(path))):
        if isinstance(node, Function):
            yield from measure_function(node, is_test=is_test)


def file_ceiling(place: tuple[str, ...]) -> int:
    """How many lines a file in this place may have."""
    if place[0] == "dags":
        return DAG_FILE_LINES
    return SYSTEM_FILE_LINES if place[:3] == ("plugins", "concord", "systems") else FILE_LINES


def measure_function(node: Function, *, is_test: bool) -> Iterator[str]:
    """The breaches of one function; a test takes its fixtures by position, a private helper is called nearby."""
    where = f":{node.lineno}"
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    most = TEST_FUNCTION_LINES if node.name.startswith("test_") else FUNCTION_LINES
    yield from check(where, f"{node.name}()", lines, most=most)
    positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    if positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    count = len(positional) + len(node.args.kwonlyargs)
    yield from check(where, f"{node.name}()", count, most=PARAMETERS, unit="parameters")
    is_private = node.name.startswith("_") and node.name != "__init__"
    if not is_test and not is_private:
        name = f"{node.name}() before the *"
        yield from check(where, name, len(positional), most=POSITIONAL_PARAMETERS, unit="parameters")


def measure_model(path: Path) -> Iterator[str]:
    """The breaches of one SQL model."""
    most = RECONCILIATION_LINES if "reconciliation" in path.parts else MODEL_LINES
    yield from check(":1", "the model", len(path.read_text(encoding="utf-8").splitlines()), most=most)


def check(where: str, what: str, count: int, *, most: int, unit: str = "lines") -> Iterator[str]:
    """One breach, if it is one."""
    if count > most:
        yield f"{where}: {what} has {count} {unit}, at most {most}"
