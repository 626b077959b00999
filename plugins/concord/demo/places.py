"""The systems of the demo: filled with what each makes of the world, started, and how each is reached."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from zoneinfo import ZoneInfo

import requests

from concord import registry
from concord.demo.other_records import Record
from concord.demo.records import read_vendor
from concord.errors import ConfigurationError
from concord.local.installation import Installation
from concord.local.ports import LOOPBACK, choose_port
from concord.local.processes import Command, Processes
from concord.settings import REPOSITORY
from sandbox.legacy import database as old_shop
from sandbox.load import load
from sandbox.tryton import server as tryton
from sandbox.vendors.ibm_i.host import Host
from sandbox.vendors.registry import VENDORS
from sandbox.world import World
from sandbox.world.__main__ import write_world

ERP, HOST, OLD_SHOP = "tryton", "ibm_i", "legacy_sql"
START_SECONDS = 60.0
PROBE_SECONDS = 2.0
HOST_ZONE = "Europe/Berlin"


@dataclass(slots=True)
class Place:
    """A vendor that the sandbox plays; its port is settled before it starts, so that Airflow can be told."""

    name: str
    folder: Path
    port: int = field(default_factory=choose_port)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self, installation: Installation, cache: Path) -> None:
        """Make what must be there before the connections are told."""

    def start(self, world: World, processes: Processes) -> str:
        """Fill it and start it; says how much it holds."""
        loaded = load(self.name, self.folder, world.of(self.name))
        command = [sys.executable, "-m", "sandbox", "serve", "--vendor", self.name]
        command += ["--port", str(self.port), "--data", str(self.folder)]
        processes.start(Command(name=self.name, arguments=command, folder=REPOSITORY))
        processes.wait_ready(self.name, probe=self._answers, timeout=START_SECONDS)
        return say_filled(loaded, self.url)

    def connection(self) -> str:
        """How Airflow reaches it, as Airflow wants it in the environment."""
        return say_connection(self.url, VENDORS[self.name].client, VENDORS[self.name].extra)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """What it holds now, read by its own means and not by ours."""
        return {resource: list(read_vendor(self.url, resource)) for resource in resources}

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/__control/health", timeout=PROBE_SECONDS).ok
        except requests.RequestException:
            return False


@dataclass(slots=True)
class ErpPlace(Place):
    """The real ERP: a company is made once and kept in the cache."""

    erp: tryton.Instance | None = None

    def prepare(self, installation: Installation, cache: Path) -> None:
        """The empty company."""
        self.erp = tryton.create(cache, self.folder, port=self.port)

    @property
    def _instance(self) -> tryton.Instance:
        if self.erp is None:
            raise ConfigurationError("Tryton's database must be there before it is filled or connected to.")
        return self.erp

    def start(self, world: World, processes: Processes) -> str:
        """Load the world's records through its own models and start its server."""
        records = self.folder / "world"
        counts = write_world(world, records, systems=(ERP,))
        tryton.load(self._instance, records / ERP)
        erp = self._instance
        processes.start(
            Command(name=ERP, arguments=erp.arguments, environment=erp.environment, folder=self.folder)
        )
        processes.wait_ready(ERP, probe=lambda: tryton.is_healthy(erp), timeout=START_SECONDS)
        return say_filled(counts, self.url)

    def connection(self) -> str:
        """With the database in its extra fields."""
        erp = self._instance
        return say_connection(self.url, (erp.user, erp.password), {"database": erp.database})

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """Through its own scripting client."""
        found = tryton.read_truth(self._instance, *resources)
        return {name: list(records) for name, records in found.items()}


@dataclass(slots=True)
class FolderPlace(Place):
    """The host that leaves files in a folder; it has no server."""

    @property
    def url(self) -> str:
        """The folder."""
        return f"file://{self.folder}"

    @property
    def _host(self) -> Host:
        return Host(self.folder, ZoneInfo(HOST_ZONE))

    def start(self, world: World, processes: Processes) -> str:
        """Write its files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return say_filled(self._host.fill(world.of(self.name)), self.url)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """What we sent it, as the host itself reads its files."""
        return {resource: list(self._host.read_records(resource)) for resource in resources}

    def connection(self) -> str:
        """The folder and the host's clock."""
        return say_connection(self.url, ("", ""), {"time_zone": HOST_ZONE, "settle_seconds": "0"})


@dataclass(slots=True)
class DatabasePlace(Place):
    """The old shop's database, beside our own."""

    made: old_shop.Legacy | None = None

    @property
    def url(self) -> str:
        """Where guests find it."""
        return self.made.url if self.made else ""

    def prepare(self, installation: Installation, cache: Path) -> None:
        """The empty database, in the server that is up by now."""
        server = installation.postgres.url("postgres")
        self.made = old_shop.create(server, name="old_shop", password=token_urlsafe(12))

    @property
    def _legacy(self) -> old_shop.Legacy:
        if self.made is None:
            raise ConfigurationError("The old shop's database must be there before it is filled or connected to.")
        return self.made

    def start(self, world: World, processes: Processes) -> str:
        """Fill it."""
        return say_filled(old_shop.fill(self._legacy, world), self.url)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """As its owner."""
        return {resource: list(self._legacy.rows(resource)) for resource in resources}

    def connection(self) -> str:
        """As a guest with two connections."""
        return say_connection(self.url, (self._legacy.login, self._legacy.password), self._legacy.extra)


KINDS: Mapping[str, type[Place]] = {ERP: ErpPlace, HOST: FolderPlace, OLD_SHOP: DatabasePlace}


def say_filled(counts: Mapping[str, int], where: str) -> str:
    """How much a system holds, and where it is."""
    return f"{sum(counts.values()):,} records, {where}"


def say_connection(url: str, login: tuple[str, str], extra: Mapping[str, Any]) -> str:
    """A connection as Airflow reads it from the environment."""
    name, password = login
    parts = {"conn_type": "http", "host": url, "login": name, "password": password, "extra": dict(extra)}
    return json.dumps(parts)


def stageable() -> list[str]:
    """The systems that the demo can put on a stage."""
    return [system.name for system in registry.declared_systems() if system.name in {*KINDS, *VENDORS}]


def choose_places(names: Sequence[str], installation: Installation) -> dict[str, Place]:
    """A place for each system that takes part."""
    folder = installation.home / "systems"
    return {name: KINDS.get(name, Place)(name=name, folder=folder / name) for name in names}


def list_connections(places: Mapping[str, Place], needed: Mapping[str, str]) -> dict[str, str]:
    """The connections by the name that each system's declaration gives to its own."""
    return {needed[name]: place.connection() for name, place in places.items()}
