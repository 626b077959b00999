"""The ceilings of the style guide hold, and the tool that measures them is right."""

from pathlib import Path

import pytest

from concord.installed import PRODUCT
from tools.sizes import find_oversized, measure_median

LONG_FUNCTION = "def work() -> None:\n" + "    work()\n" * 45
LONG_TEST = "def test_it() -> None:\n" + "    work()\n" * 30
MANY = "def work(*, a: int, b: int, c: int, d: int, e: int, f: int) -> None: ..."
POSITIONAL = "def work(a: int, b: int, c: int, d: int, e: int) -> None: ..."
METHOD = "class Work:\n    def work(self, a: int, b: int, c: int, *, d: int, e: int) -> None: ..."


def test_this_repository_keeps_to_the_ceilings() -> None:
    assert find_oversized(PRODUCT) == []


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "breach"),
    [
        ("plugins/a.py", "\n" * 301, "a.py:1: the file has 301 lines, at most 300"),
        ("plugins/concord/systems/a.py", "\n" * 221, "a.py:1: the file has 221 lines, at most 220"),
        ("dags/a.py", "\n" * 81, "a.py:1: the file has 81 lines, at most 80"),
        ("plugins/a.py", LONG_FUNCTION, "a.py:1: work() has 46 lines, at most 45"),
        ("tests/a.py", LONG_TEST, "a.py:1: test_it() has 31 lines, at most 30"),
        ("sandbox/a.py", MANY, "a.py:1: work() has 6 parameters, at most 5"),
        ("plugins/a.py", POSITIONAL, "a.py:1: work() before the * has 5 parameters, at most 4"),
        ("dbt_project/models/marts/a.sql", "\n" * 101, "a.sql:1: the model has 101 lines, at most 100"),
        (
            "dbt_project/models/marts/reconciliation/a.sql",
            "\n" * 141,
            "a.sql:1: the model has 141 lines, at most 140",
        ),
        (
            "dbt_project/models/intermediate/a_breaks.sql",
            "\n" * 141,
            "a_breaks.sql:1: the model has 141 lines, at most 140",
        ),
    ],
)
def test_a_breach_is_found_and_named(tmp_path: Path, name: str, text: str, breach: str) -> None:
    write(tmp_path, name, text)
    assert [line.rsplit("/", 1)[1] for line in find_oversized(tmp_path)] == [breach]


def test_options_of_the_command_line_are_no_parameters(tmp_path: Path) -> None:
    options = ", ".join(f"{name}: Annotated[int, typer.Option()]" for name in "abcdef")
    write(tmp_path, "plugins/a.py", f"def verb(*, {options}) -> None: ...")
    assert find_oversized(tmp_path) == []


@pytest.mark.parametrize(("lengths", "median", "count"), [((3, 8, 40), 8, 0), ((3, 9, 10), 9, 1)])
def test_the_median_of_the_functions_has_a_ceiling(
    tmp_path: Path, lengths: tuple[int, ...], median: int, count: int
) -> None:
    functions = [f"def work_{lines}() -> None:\n" + "    work()\n" * (lines - 1) for lines in lengths]
    write(tmp_path, "plugins/concord/a.py", "\n".join(functions))
    assert measure_median(tmp_path) == median
    breaches = find_oversized(tmp_path)
    assert len(breaches) == count
    assert all(breach.endswith("the median function has 9 lines, at most 8") for breach in breaches)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plugins/a.py", METHOD),
        ("plugins/a.py", "\n" * 300),
        ("tests/a.py", POSITIONAL),
        ("plugins/a.py", POSITIONAL.replace("work", "_work")),
    ],
    ids=[
        "self does not count",
        "the ceiling itself is fine",
        "tests take fixtures by position",
        "private helpers",
    ],
)
def test_what_is_allowed_is_not_found(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, name, text)
    assert find_oversized(tmp_path) == []
