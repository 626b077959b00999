"""Which nodes of dbt need not be built again: they stand until the project changes.

Rules files, what is made of rules alone, and views over what was read say the same every night. They are built
again when a file of the project is another than when they were built, or when one of them is gone.
"""

import hashlib
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any

from concord.contract import System
from concord.rules import list_columns
from concord.stages.reconcile.changed_rules import NAMED
from concord.stages.reconcile.root_project import INSTANCES, PACKAGE
from concord.store.engine import PLANNER, Connection, Database, fetch_value
from concord.store.ledger.nights import find_standing, record_standing

PREPARE = "prepare"
_RULES, _VIEW = "rules", "view"
_SCRATCH = "intermediate"
_EXIST = """
select count(*) from unnest(%s::text[], %s::text[]) as wanted (schema, name)
inner join pg_namespace on pg_namespace.nspname = wanted.schema
inner join pg_class on pg_class.relnamespace = pg_namespace.oid and pg_class.relname = wanted.name
"""


class Standing:
    """The nodes of a project, as dbt has parsed it, that stand until it or a declared field changes.

    `project` is its manifest, and `systems` are those in use.
    """

    def __init__(self, project: Any, systems: Sequence[System]) -> None:  # dbt's own type
        self._project = project
        self._systems = systems
        self._tested = {
            parent
            for node in project.nodes.values()
            if node.resource_type == "test"
            for parent in node.depends_on.nodes
            if len(node.depends_on.nodes) == 1
        }
        self._kinds: dict[str, str] = {}
        self.compared = [node for node in project.nodes.values() if self._is_compared(node)]
        self.nodes = [
            node for node in project.nodes.values() if PREPARE in node.tags and self._kind(node.unique_id)
        ]

    def is_built(self, database: Database) -> bool:
        """Whether all of them are in the warehouse as the project has them now."""
        with database.transaction(PLANNER) as connection:
            return find_standing(connection) == self.fingerprint() and self._are_there(connection)

    def begin(self, database: Database) -> None:
        """Keep that they are being built, so that they are not taken for built where that fails."""
        with database.transaction(PLANNER) as connection:
            record_standing(connection, "")

    def record(self, database: Database) -> None:
        """Keep that all of them were built."""
        with database.transaction(PLANNER) as connection:
            record_standing(connection, self.fingerprint())

    @property
    def names(self) -> list[str]:
        """Their names, by which dbt leaves them out."""
        return sorted(node.name for node in self.nodes)

    def can_be_narrow(self, database: Database) -> bool:
        """Whether all models are there, and each table says which rows a build of touched records replaces.

        Tables between staging and marts hold what a build works on, so that they say nothing.
        """
        models = [
            node
            for node in self._project.nodes.values()
            if node.resource_type == "model" and node.config.materialized != "ephemeral"
        ]
        own = [node for node in models if _is_own(node) and not _is_view(node) and node.schema != _SCRATCH]
        if any("touched" not in node.config.meta for node in own):
            return False
        with database.transaction(PLANNER) as connection:
            return _count_there(connection, models) == len(models)

    def _is_compared(self, node: Any) -> bool:
        """Whether only the changed rows of a rules file matter.

        No model of a business may read it, and no table may stand that is made of it.
        """
        if node.resource_type != "seed" or node.name not in NAMED:
            return False
        others = [item for item in self._project.nodes.values() if item.resource_type != "seed"]
        readers = [item for item in others if node.unique_id in item.depends_on.nodes]
        return all(reader.package_name == PACKAGE and not self._is_standing_table(reader) for reader in readers)

    def _is_standing_table(self, node: Any) -> bool:
        return node.config.materialized == "table" and bool(self._kind(node.unique_id))

    def _kind(self, unique_id: str) -> str:
        """Why a node stands: it is made of rules alone, or a view that nothing rebuilt lies below; else empty.

        A view with tests is built, because its tests are about the records of the night.
        """
        if unique_id in self._project.sources:
            return _VIEW
        if unique_id not in self._kinds:
            self._kinds[unique_id] = ""  # while its parents are looked at
            self._kinds[unique_id] = self._find_kind(self._project.nodes.get(unique_id))
        return self._kinds[unique_id]

    def _find_kind(self, node: Any) -> str:
        if node is None or node.resource_type not in ("model", "seed"):
            return ""
        if node.resource_type == "seed":
            return _RULES
        is_view = node.config.materialized == "view" and node.unique_id not in self._tested
        parents = [self._kind(parent) for parent in node.depends_on.nodes]
        if not parents:  # Concord's own say what it tells dbt; others may read anything
            is_ours = node.package_name == PACKAGE
            return (_VIEW if is_view else _RULES) if is_ours else ""
        if all(parent == _RULES for parent in parents):
            return _RULES
        return _VIEW if is_view and all(parents) else ""

    def fingerprint(self) -> str:
        """A hash of all that dbt was given, files, macros and variables, and of the columns of what was read.

        Of rules files of which the rows are compared it has the columns alone.
        """
        told = hashlib.sha256()
        compared = {node.name for node in self.compared}
        for text in (*_texts(self._project, compared), *_columns(self._systems)):
            told.update(text.encode())
        return told.hexdigest()

    def _are_there(self, connection: Connection) -> bool:
        return _count_there(connection, self.nodes) == len(self.nodes)


def _count_there(connection: Connection, nodes: Sequence[Any]) -> int:
    places = ([node.schema for node in nodes], [node.alias for node in nodes])
    return int(fetch_value(connection, _EXIST, places))


def _is_own(node: Any) -> bool:
    """Whether a model is a business's own, and neither Concord's nor the copy of one for an instance."""
    return node.package_name != PACKAGE and not node.original_file_path.startswith(INSTANCES)


def _texts(project: Any, compared: Container[str]) -> Iterator[str]:
    nodes: Mapping[str, Any] = project.nodes
    for name in sorted(nodes):
        node = nodes[name]
        told = list_columns(node.name) if node.name in compared else node.checksum.checksum
        yield f"{name} {told} {node.config.materialized}\n"
    macros: Mapping[str, Any] = project.macros
    for name in sorted(macros):
        yield macros[name].macro_sql
    for name, told in sorted(project.state_check.project_hashes.items()):
        yield f"{name} {told.checksum}\n"


def _columns(systems: Sequence[System]) -> Iterator[str]:
    for system in systems:
        for resource in system.resources:
            columns = [(field.name, field.kind.value) for field in resource.fields]
            yield f"{system.name} {resource.name} {columns}\n"


def repeated_tests(project: Any, tags: Collection[str]) -> list[str]:  # dbt's own type
    """The names of the tests about nothing but nodes that have one of these tags."""
    return sorted(
        node.name
        for node in project.nodes.values()
        if node.resource_type == "test"
        and node.depends_on.nodes
        and all(
            parent in project.nodes and not set(project.nodes[parent].tags).isdisjoint(tags)
            for parent in node.depends_on.nodes
        )
    )


def untouched(project: Any) -> list[str]:  # dbt's own type
    """The names of the nodes that a build of touched records leaves as they are.

    They are views, since it fills tables that are there, and tests of tables of which it replaces some rows.
    """
    return sorted(
        node.name
        for node in project.nodes.values()
        if _is_view(node) or (node.resource_type == "test" and _reads_whole_table(project, node))
    )


def _is_view(node: Any) -> bool:
    return node.resource_type == "model" and bool(node.config.materialized == "view")


def _reads_whole_table(project: Any, test: Any) -> bool:
    parents = [project.nodes[parent] for parent in test.depends_on.nodes if parent in project.nodes]
    return any(
        node.resource_type == "model" and not _is_view(node) and node.schema != _SCRATCH for node in parents
    )
