"""The demo's old shop: a database in the PostgreSQL server of the installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import ClassVar

from concord.errors import ConfigurationError
from concord.local.installation import Installation
from concord.local.processes import Processes
from sandbox.referee.control_desk import Record
from sandbox.staged_system import StagedSystem, format_connection, say_filled
from sandbox.vendors.legacy_sql import database as old_shop
from sandbox.world import World


@dataclass(slots=True)
class StagedLegacySql(StagedSystem):
    """The old shop's database, in the PostgreSQL server of the installation."""

    needs_database_server: ClassVar[bool] = True

    made: old_shop.Legacy | None = None

    @property
    def url(self) -> str:
        """The address of the database without a login; empty before `prepare`."""
        return self.made.url if self.made else ""

    def prepare(self, installation: Installation, cache: Path) -> None:
        """Create the empty database."""
        server = installation.postgres.url("postgres")
        self.made = old_shop.create(server, name="old_shop", password=token_urlsafe(12))

    @property
    def _database(self) -> old_shop.Legacy:
        if self.made is None:
            raise ConfigurationError(
                "The old shop's database must be prepared before it is filled or connected to."
            )
        return self.made

    def start(self, world: World, processes: Processes) -> str:
        """Fill the database."""
        return say_filled(old_shop.fill(self._database, world), self.url)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """The rows, read with the owner's login."""
        return {resource: list(self._database.rows(resource)) for resource in resources}

    def connection(self) -> str:
        """The connection of a login that may open two connections at a time."""
        return format_connection(self.url, (self._database.login, self._database.password), self._database.extra)
