"""Runs the checks of systems one after the other; one that fails does not stop the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from concord import registry
from concord.cli.context import adopt_systems, find_running, find_warehouse
from concord.contract import Finding, Level, System
from concord.errors import ConcordError, ConfigurationError
from concord.local.airflow_connections import find_connections
from concord.stages.check.check_system import SystemCheck
from concord.stages.check.open_check import open_check

if TYPE_CHECKING:
    from concord.settings import Connection
    from concord.store.engine import Database


@dataclass(frozen=True, slots=True)
class SystemFindings:
    """What was found of one system."""

    system: System
    findings: Sequence[Finding]

    @property
    def level(self) -> Level:
        """The worst level among the findings."""
        return max((finding.level for finding in self.findings), key=lambda level: level.rank)


def check_systems(names: Sequence[str]) -> Iterator[SystemFindings]:
    """The findings of these systems, in this order; of all systems in use where no name is given.

    Raises ContractError for an unknown name, before anything is checked.
    """
    adopt_systems()
    systems = [registry.system(name) for name in dict.fromkeys(names)] or list(registry.systems())
    database = find_warehouse_or_none()
    connections = find_connections(find_running(), [system.connection for system in systems])
    for system in systems:
        yield SystemFindings(system, check(system, connections[system.connection], database))


def find_warehouse_or_none() -> "Database | None":
    """The warehouse, None where none runs yet or it lacks tables: the check is for the time before, too."""
    try:
        return find_warehouse()
    except ConfigurationError:
        return None


def check(
    system: System, connection: "Connection | ConfigurationError", database: "Database | None"
) -> Sequence[Finding]:
    """The findings of one system, at least one; nothing is raised that belongs to the system."""
    if isinstance(connection, ConfigurationError):
        return [Finding(Level.FAILS, "connection", connection.message)]
    try:
        with open_check(system, connection, database) as session:
            return SystemCheck(session, system, database).run()
    except ConcordError as error:
        return [Finding(Level.FAILS, "connection", error.message)]
