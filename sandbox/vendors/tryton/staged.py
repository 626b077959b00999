"""The demo's ERP: a real Tryton server."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from concord.errors import ConfigurationError
from concord.local.installation import Installation
from concord.local.processes import Command, Processes
from sandbox.referee.control_desk import Record
from sandbox.staged_system import START_SECONDS, StagedSystem, format_connection, say_filled
from sandbox.vendors.tryton import server as tryton
from sandbox.world import World
from sandbox.world.__main__ import write_world


@dataclass(slots=True)
class StagedTryton(StagedSystem):
    """A real Tryton server; its empty company is made once and kept in the cache."""

    slow_preparation: ClassVar[str | None] = "Tryton's company"

    erp: tryton.Instance | None = None

    def prepare(self, installation: Installation, cache: Path) -> None:
        """Copy the empty company."""
        self.erp = tryton.create(cache, self.folder, port=self.port)

    @property
    def _instance(self) -> tryton.Instance:
        if self.erp is None:
            raise ConfigurationError("Tryton's database must be prepared before it is filled or connected to.")
        return self.erp

    def start(self, world: World, processes: Processes) -> str:
        """Load the records through Tryton's own models and start its server."""
        records = self.folder / "world"
        counts = write_world(world, records, systems=(self.vendor,))
        erp = self._instance
        tryton.load(erp, records / self.vendor)
        processes.start(
            Command(name=self.name, arguments=erp.arguments, environment=erp.environment, folder=self.folder)
        )
        processes.wait_ready(self.name, probe=lambda: tryton.is_healthy(erp), timeout=START_SECONDS)
        return say_filled(counts, self.url)

    def connection(self) -> str:
        """The connection, with the name of the database in its extra fields."""
        erp = self._instance
        return format_connection(self.url, (erp.user, erp.password), {"database": erp.database})

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """The records, read by Tryton's scripting client."""
        found = tryton.read_truth(self._instance, *resources)
        return {name: list(records) for name, records in found.items()}
