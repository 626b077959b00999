"""The demo's shop: a real server of django-oscar."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from concord.errors import ConfigurationError
from concord.local.installation import Installation
from concord.local.processes import Command, Processes
from sandbox.staged_system import START_SECONDS, StagedSystem, format_connection, say_filled
from sandbox.vendors.oscar import server
from sandbox.world import World
from sandbox.world.__main__ import write_world


@dataclass(slots=True)
class StagedOscar(StagedSystem):
    """A real shop; its empty tables are made once and kept in the cache."""

    slow_preparation: ClassVar[str | None] = "Oscar's shop"

    shop: server.Instance | None = None

    def prepare(self, installation: Installation, cache: Path) -> None:
        """Copy the empty shop."""
        self.shop = server.create(cache, self.folder, port=self.port)

    @property
    def _instance(self) -> server.Instance:
        if self.shop is None:
            raise ConfigurationError("Oscar's shop must be prepared before it is filled or connected to.")
        return self.shop

    def start(self, world: World, processes: Processes) -> str:
        """Load the records through Oscar's own models and start its server."""
        shop, records = self._instance, self.folder / "world"
        counts = write_world(world, records, systems=(self.vendor,))
        server.load(shop, records / self.vendor)
        program = shop.program()
        processes.start(
            Command(
                name=self.name,
                arguments=list(program.arguments),
                environment=dict(program.environment),
                folder=self.folder,
            )
        )
        processes.wait_ready(self.name, probe=lambda: server.is_healthy(shop), timeout=START_SECONDS)
        return say_filled(counts, self.url)

    def connection(self) -> str:
        """The connection, with the administrator's token."""
        return format_connection(self.url, ("", self._instance.token), {})

    def read(self, resources: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The records, read from the shop's own database."""
        return {resource: server.read_records(self._instance, resource) for resource in resources}
