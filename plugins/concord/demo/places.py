"""The systems of the demo: filled with what each makes of the world, started, and how each is reached."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from concord import registry
from concord.demo.records import Record, read_vendor
from concord.errors import ConfigurationError
from concord.local.installation import Installation
from concord.local.ports import LOOPBACK, choose_port
from concord.local.processes import Command, Processes
from concord.settings import REPOSITORY
from sandbox.load import load
from sandbox.tryton import server as tryton
from sandbox.vendors.registry import VENDORS
from sandbox.world import World
from sandbox.world.__main__ import write_world

ERP = "tryton"
START_SECONDS = 60.0
PROBE_SECONDS = 2.0


@dataclass(slots=True)
class Place:
    """One system of the demo: its port is settled before it starts, so that Airflow can be told at once."""

    name: str
    folder: Path
    port: int = field(default_factory=choose_port)
    erp: tryton.Instance | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self, world: World, processes: Processes) -> str:
        """Fill it and start it; says how much it holds."""
        loaded = load(self.name, self.folder, world.of(self.name)) if self.name != ERP else None
        if loaded is None:
            return self._start_erp(world, processes)
        command = [sys.executable, "-m", "sandbox", "serve", "--vendor", self.name]
        command += ["--port", str(self.port), "--data", str(self.folder)]
        processes.start(Command(name=self.name, arguments=command, folder=REPOSITORY))
        processes.wait_ready(self.name, probe=self._answers, timeout=START_SECONDS)
        return f"{sum(loaded.values()):,} records, {self.url}"

    def connection(self) -> str:
        """How Airflow reaches it, as Airflow wants it in the environment."""
        if self.name != ERP:
            vendor = VENDORS[self.name]
            (login, password), extra = vendor.client, dict(vendor.extra)
        elif self.erp is not None:
            login, password, extra = self.erp.user, self.erp.password, {"database": self.erp.database}
        else:
            raise ConfigurationError("Tryton's database must be there before its connection.")
        parts = {"conn_type": "http", "host": self.url, "login": login, "password": password, "extra": extra}
        return json.dumps(parts)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """What it holds now, read by its own means and not by ours."""
        if self.erp is not None:
            return {name: list(records) for name, records in tryton.read_truth(self.erp, *resources).items()}
        return {resource: list(read_vendor(self.url, resource)) for resource in resources}

    def create_database(self, home: Path) -> None:
        """The ERP's empty company; `home` keeps what is made once."""
        if self.name == ERP:
            self.erp = tryton.create(home, self.folder, port=self.port)

    def _start_erp(self, world: World, processes: Processes) -> str:
        if self.erp is None:
            raise ConfigurationError("Tryton's database must be there before it can be filled.")
        records = self.folder / "world"
        counts = write_world(world, records, systems=(ERP,))
        tryton.load(self.erp, records / ERP)
        command = Command(
            name=ERP, arguments=self.erp.arguments, environment=self.erp.environment, folder=self.folder
        )
        processes.start(command)
        processes.wait_ready(ERP, probe=self._answers, timeout=START_SECONDS)
        return f"{sum(counts.values()):,} records, {self.url}"

    def _answers(self) -> bool:
        if self.erp is not None:
            return tryton.is_healthy(self.erp)
        try:
            return requests.get(f"{self.url}/__control/health", timeout=PROBE_SECONDS).ok
        except requests.RequestException:
            return False


def stageable() -> list[str]:
    """The systems that the demo can put on a stage: a real ERP, and those that the sandbox plays."""
    return [system.name for system in registry.declared_systems() if system.name in {ERP, *VENDORS}]


def choose_places(names: Sequence[str], installation: Installation) -> dict[str, Place]:
    """A place for each system that takes part."""
    folder = installation.home / "systems"
    return {name: Place(name=name, folder=folder / name) for name in names}


def list_connections(places: Mapping[str, Place], needed: Mapping[str, str]) -> dict[str, str]:
    """The connections by the name that each system's declaration gives to its own."""
    return {needed[name]: place.connection() for name, place in places.items()}
