"""The Docker image has every file that `./concord demo` needs."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePath

import pytest

from concord.installed import PRODUCT

NEEDED = (
    "concord",
    "requirements-bootstrap.txt",
    "requirements.txt",
    "dags/ingest.py",
    "dbt_project/dbt_project.yml",
    "expectations/shopify/orders.json",
    "plugins/concord/cli/demo.py",
    "plugins/.airflowignore",
    "sandbox/staging.py",
    "sandbox/referee/night.py",
    "sandbox/vendors/shopify/schema.graphql",
    "sandbox/vendors/tryton/requirements.txt",
    "sandbox/vendors/shopify/world.py",
)
CODE = ("plugins", "dags", "sandbox")


def read_patterns() -> list[str]:
    return (PRODUCT / ".dockerignore").read_text(encoding="utf-8").split()


def is_ignored(name: str, patterns: list[str]) -> bool:
    """Whether a pattern fits the path or a folder above it, as Docker reads `.dockerignore`."""
    path = PurePath(name)
    names = [path.as_posix(), *(parent.as_posix() for parent in path.parents)]
    anywhere = [pattern.replace("**/", "*/") for pattern in patterns if pattern.startswith("**/")]
    return any(fnmatch(each, pattern) for each in names for pattern in [*patterns, *anywhere])


def list_imports(file: Path) -> Iterator[str]:
    """The packages at the top of the repository that a file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        yield from (name.partition(".")[0] for name in names if (PRODUCT / name.partition(".")[0]).is_dir())


@pytest.mark.parametrize("name", NEEDED)
def test_the_image_has_what_the_demo_reads(name: str) -> None:
    assert (PRODUCT / name).exists()
    assert not is_ignored(name, read_patterns())


def test_no_code_of_the_image_imports_what_the_image_lacks() -> None:
    files = [file for folder in CODE for file in (PRODUCT / folder).rglob("*.py")]
    imported = {name for file in files for name in list_imports(file)}
    assert "sandbox" in imported
    assert [name for name in sorted(imported) if is_ignored(name, read_patterns())] == []


def test_a_folder_that_is_left_out_is_noticed() -> None:
    assert is_ignored("sandbox/staging.py", [*read_patterns(), "sandbox"])
    assert is_ignored("tests/unit/test_image.py", read_patterns())
    assert is_ignored("plugins/concord/__pycache__/errors.cpython-311.pyc", ["**/__pycache__"])
