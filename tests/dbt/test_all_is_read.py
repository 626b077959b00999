"""All that is read and built serves somebody: a table of a mart, a write-back, or Concord itself."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from concord.contract import Resource
from concord.installed import PRODUCT
from concord.registry import declared_systems
from concord.settings import Settings
from concord.stages.reconcile.transform import parse_project

NOWHERE = "postgresql://nobody@127.0.0.1/nowhere"  # dbt reads models without a database
INNER = {"staging", "entities", "intermediate"}
QUALIFIED = re.compile(r"\b[a-z_]+\.[a-z_0-9]+\b")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The manifest of dbt with all declared systems in use."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("CONCORD_PROJECT", raising=False)
        environment.delenv("CONCORD_SYSTEMS", raising=False)
        settings = Settings(NOWHERE, tmp_path_factory.mktemp("home"), PRODUCT / "dbt_project")
        return parse_project(settings, declared_systems()).manifest


def nodes_read(project: Any) -> set[str]:
    """The ids of what models refer to; tests are no models."""
    models = [node for node in project.nodes.values() if node.resource_type == "model"]
    assert len(models) > 200
    return {read for node in models for read in node.depends_on.nodes}


def is_used(resource: Resource) -> bool:
    """Whether a write-back needs a resource, or other resources are asked about its records."""
    return resource.writes is not None or bool(resource.offers)


def names_in_python() -> str:
    """A pattern of the tables that Python's SQL names, as `schema.table`; what it fills in may be anything."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (PRODUCT / "plugins").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    texts = {found for node in nodes if (text := text_of(node)) for found in QUALIFIED.findall(text)}
    patterns = {re.escape(text) for text in texts} | set(identifiers_in(nodes))
    assert any(pattern.startswith("marts") for pattern in patterns)
    return "|".join(sorted(patterns))


def identifiers_in(nodes: list[ast.AST]) -> Iterator[str]:
    """A pattern for each `sql.Identifier(schema, table)` that names its schema."""
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sql.Identifier" and len(node.args) == 2:
            schema, table = node.args
            if text_of(schema):
                yield rf"{pattern_of(schema)}\.{pattern_of(table)}"


def pattern_of(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(pattern_of(part) for part in node.values)
    text = text_of(node)
    return r"\w+" if text is None else re.escape(text)


def text_of(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def test_every_inner_model_is_read_by_another_model_or_by_name(project: Any) -> None:
    read, named = nodes_read(project), re.compile(names_in_python())
    inner = [node for node in project.nodes.values() if node.resource_type == "model" and node.fqn[1] in INNER]
    assert {node.fqn[1] for node in inner} == INNER
    unread = [node for node in inner if node.unique_id not in read]
    texts = "".join(node.raw_code for node in project.nodes.values() if node.resource_type == "model")
    idle = sorted(
        node.name
        for node in unread
        if not named.fullmatch(f"{node.schema}.{node.name}") and f"'{node.name}'" not in texts
    )
    assert idle == [], "nothing reads these models: take them away"


def test_every_resource_is_read_by_a_model_or_used_in_another_way(project: Any) -> None:
    read = nodes_read(project)
    tables = {source.name for key, source in project.sources.items() if key in read}
    resources = {f"{item.name}__{each.name}": each for item in declared_systems() for each in item.resources}
    assert len(resources) > 30
    idle = sorted(name for name, each in resources.items() if name not in tables and not is_used(each))
    assert idle == [], "nothing needs these resources: take them away, with their suites"
