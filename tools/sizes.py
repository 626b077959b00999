"""Measures files, functions and parameter lists, and compares them with their ceilings."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

FILE_LINES = 300
SYSTEM_FILE_LINES = 220
DAG_FILE_LINES = 80
FUNCTION_LINES = 45
MEDIAN_FUNCTION_LINES = 8
TEST_FUNCTION_LINES = 30
PARAMETERS = 5
POSITIONAL_PARAMETERS = 4
MODEL_LINES = 100
RECONCILIATION_LINES = 140
COMPARING = ("_breaks", "_expected")  # what the models are called that compare two systems

PYTHON_FOLDERS = ("plugins", "dags", "sandbox", "benchmarks", "tools", "tests", "examples")
PACKAGE = "plugins/concord"
TESTS = ("tests", "plugins/concord/testing")  # the standard suite is part of the product
MODELS = "dbt_project/models"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_oversized(root: Path) -> list[str]:
    """Every breach below a root, as `path:line: what is too large`."""
    found: list[str] = []
    for folder in PYTHON_FOLDERS:
        # an example that was run keeps its state, with the environments of real servers, in a hidden folder
        for path in sorted(it for it in (root / folder).rglob("*.py") if ".concord" not in it.parts):
            found.extend(f"{path.relative_to(root)}{breach}" for breach in measure_python(path, root))
    for path in sorted((root / MODELS).rglob("*.sql")):
        found.extend(f"{path.relative_to(root)}{breach}" for breach in measure_model(path))
    if (middle := measure_median(root)) > MEDIAN_FUNCTION_LINES:
        found.append(f"{PACKAGE}:1: the median function has {middle:g} lines, at most {MEDIAN_FUNCTION_LINES}")
    return found


def measure_median(root: Path) -> float:
    """The median of the lengths of the package's functions without its tests, in lines; 0 where there is none."""
    lengths = [
        count_lines(node)
        for path in (root / PACKAGE).rglob("*.py")
        if not is_among_tests(path.relative_to(root))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
        if isinstance(node, Function)
    ]
    return median(lengths) if lengths else 0


def count_lines(node: Function) -> int:
    """How many lines a function has, its docstring counted, its decorators not."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def measure_python(path: Path, root: Path) -> Iterator[str]:
    """The breaches of one Python file."""
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(root).parts
    yield from check(":1", "the file", len(text.splitlines()), most=file_ceiling(parts))
    is_test = is_among_tests(path.relative_to(root))
    for node in ast.walk(ast.parse(text, filename=str(path))):
        if isinstance(node, Function):
            yield from measure_function(node, is_test=is_test)


def is_among_tests(place: Path) -> bool:
    """Whether a path within the repository is one of the tests or of what they stand on."""
    return any(place.is_relative_to(folder) for folder in TESTS)


def file_ceiling(parts: tuple[str, ...]) -> int:
    """How many lines a file may have; `parts` are those of its path."""
    if parts[0] == "dags":
        return DAG_FILE_LINES
    is_declaration = parts[:3] == ("plugins", "concord", "systems") and (
        len(parts) == 4 or parts[-1] == "declaration.py"
    )
    return SYSTEM_FILE_LINES if is_declaration else FILE_LINES


def measure_function(node: Function, *, is_test: bool) -> Iterator[str]:
    """The breaches of one function; how many parameters it takes by position counts for public ones only.

    Options of the command line do not count as parameters: no code passes them, and a user names each.
    """
    where = f":{node.lineno}"
    most = TEST_FUNCTION_LINES if node.name.startswith("test_") else FUNCTION_LINES
    yield from check(where, f"{node.name}()", count_lines(node), most=most)
    positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    if positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    options = [
        item
        for item in node.args.kwonlyargs
        if item.annotation and "typer.Option(" in ast.unparse(item.annotation)
    ]
    count = len(positional) + len(node.args.kwonlyargs) - len(options)
    yield from check(where, f"{node.name}()", count, most=PARAMETERS, unit="parameters")
    is_private = node.name.startswith("_") and node.name != "__init__"
    if not is_test and not is_private:
        name = f"{node.name}() before the *"
        yield from check(where, name, len(positional), most=POSITIONAL_PARAMETERS, unit="parameters")


def measure_model(path: Path) -> Iterator[str]:
    """The breaches of one SQL model."""
    compares = "reconciliation" in path.parts or path.stem.endswith(COMPARING)
    most = RECONCILIATION_LINES if compares else MODEL_LINES
    yield from check(":1", "the model", len(path.read_text(encoding="utf-8").splitlines()), most=most)


def check(where: str, what: str, count: int, *, most: int, unit: str = "lines") -> Iterator[str]:
    """A breach, when the count is above the ceiling."""
    if count > most:
        yield f"{where}: {what} has {count} {unit}, at most {most}"
