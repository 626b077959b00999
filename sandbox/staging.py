"""The systems of the demo: how each is filled with its records of the world, started and connected to."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import requests

from concord import registry
from concord.errors import ConfigurationError
from concord.local.installation import Installation
from concord.local.ports import LOOPBACK, choose_port
from concord.local.processes import Command, Processes
from concord.settings import REPOSITORY
from sandbox.load import load
from sandbox.referee.control_desk import Record, read_records
from sandbox.vendors.ibm_i.host import Host
from sandbox.vendors.legacy_sql import database as old_shop
from sandbox.vendors.registry import VENDORS
from sandbox.vendors.tryton import server as tryton
from sandbox.world import World
from sandbox.world.__main__ import write_world

ERP, HOST, OLD_SHOP = "tryton", "ibm_i", "legacy_sql"
DEMO_SYSTEMS = ("shopify", "salesforce", ERP)
START_SECONDS = 60.0
PROBE_SECONDS = 2.0
HOST_ZONE = "Europe/Berlin"


@dataclass(slots=True)
class StagedSystem:
    """A system that a server of `sandbox/vendors/` stands in for.

    Its port is chosen at once, so that Airflow can be given the connection before the server starts.
    """

    needs_database_server: ClassVar[bool] = False
    """Whether `prepare` uses the installation's PostgreSQL, which must be running by then."""
    slow_preparation: ClassVar[str | None] = None
    """What `prepare` makes when that takes a minute; None where it takes no time."""

    name: str
    folder: Path
    vendor: str = ""
    part: tuple[int, int] = (0, 1)
    """Which part of the vendor's records it holds: the number, and of how many."""
    port: int = field(default_factory=choose_port)

    def __post_init__(self) -> None:
        self.vendor = self.vendor or self.name

    @property
    def url(self) -> str:
        """The address of the system."""
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self, installation: Installation, cache: Path) -> None:
        """Make what `connection` needs; `cache` is a folder that later demos use again."""

    def start(self, world: World, processes: Processes) -> str:
        """Fill the system and start it; returns how many records it holds, and where."""
        loaded = load(self.vendor, self.folder, world.of(self.vendor, self.part))
        command = [sys.executable, "-m", "sandbox", "serve", "--vendor", self.vendor]
        command += ["--port", str(self.port), "--data", str(self.folder)]
        processes.start(Command(name=self.name, arguments=command, folder=REPOSITORY))
        processes.wait_ready(self.name, probe=self._is_healthy, timeout=START_SECONDS)
        return say_filled(loaded, self.url)

    def connection(self) -> str:
        """The connection to this system, as Airflow reads it from the environment."""
        return format_connection(self.url, VENDORS[self.vendor].client, VENDORS[self.vendor].extra)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """The records that the system holds now, read without Concord's readers."""
        return {resource: list(read_records(self.url, resource)) for resource in resources}

    def _is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/__control/health", timeout=PROBE_SECONDS).ok
        except requests.RequestException:
            return False


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
        counts = write_world(world, records, systems=(ERP,))
        erp = self._instance
        tryton.load(erp, records / ERP)
        processes.start(
            Command(name=ERP, arguments=erp.arguments, environment=erp.environment, folder=self.folder)
        )
        processes.wait_ready(ERP, probe=lambda: tryton.is_healthy(erp), timeout=START_SECONDS)
        return say_filled(counts, self.url)

    def connection(self) -> str:
        """The connection, with the name of the database in its extra fields."""
        erp = self._instance
        return format_connection(self.url, (erp.user, erp.password), {"database": erp.database})

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """The records, read by Tryton's scripting client."""
        found = tryton.read_truth(self._instance, *resources)
        return {name: list(records) for name, records in found.items()}


@dataclass(slots=True)
class StagedIbmI(StagedSystem):
    """The IBM i host, which exchanges files through a folder; it has no server."""

    @property
    def url(self) -> str:
        """The address of the folder."""
        return f"file://{self.folder}"

    @property
    def _host(self) -> Host:
        return Host(self.folder, ZoneInfo(HOST_ZONE))

    def start(self, world: World, processes: Processes) -> str:
        """Write the files that the host leaves for Concord."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return say_filled(self._host.fill(world.of(self.name)), self.url)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """The records of the files that Concord sent, read by the host's own parser."""
        return {resource: list(self._host.read_records(resource)) for resource in resources}

    def connection(self) -> str:
        """The connection, with the host's time zone in its extra fields."""
        return format_connection(self.url, ("", ""), {"time_zone": HOST_ZONE, "settle_seconds": "0"})


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


STAGED: Mapping[str, type[StagedSystem]] = {ERP: StagedTryton, HOST: StagedIbmI, OLD_SHOP: StagedLegacySql}


def say_filled(counts: Mapping[str, int], where: str) -> str:
    """How many records a system holds, and where it is."""
    return f"{sum(counts.values()):,} records, {where}"


def format_connection(url: str, login: tuple[str, str], extra: Mapping[str, Any]) -> str:
    """A connection as Airflow reads it from the environment; `login` is the user's name and password."""
    name, password = login
    parts = {"conn_type": "http", "host": url, "login": name, "password": password, "extra": dict(extra)}
    return json.dumps(parts)


def stageable_systems() -> list[str]:
    """The names of the declared systems that the demo can stage."""
    known = {*STAGED, *VENDORS}
    return [system.name for system in registry.declared_systems() if (system.vendor or system.name) in known]


def vendors_of(names: Iterable[str]) -> dict[str, str]:
    """The vendor of each system: its own name, unless it is an instance."""
    return {name: registry.system(name).vendor or name for name in names}


def stage_parts(names: Iterable[str]) -> dict[str, tuple[str, tuple[int, int]]]:
    """The vendor of each system, and the part of its records that is the system's: the number, and of how many."""
    vendors = vendors_of(names)
    parts = {}
    for name, vendor in vendors.items():
        same = [other for other in vendors if vendors[other] == vendor]
        parts[name] = vendor, (same.index(name), len(same))
    return parts


def stage_systems(names: Sequence[str], installation: Installation) -> dict[str, StagedSystem]:
    """A staged system for each name, not yet prepared; systems of one vendor share its records."""
    folder = installation.home / "systems"
    return {
        name: STAGED.get(vendor, StagedSystem)(name=name, folder=folder / name, vendor=vendor, part=part)
        for name, (vendor, part) in stage_parts(names).items()
    }
