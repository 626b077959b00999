"""A system of the demo: how it is filled with its records of the world, started and connected to.

A vendor that is no server of the sandbox has a class of its own in `staged.py` of its folder.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import requests

from concord.installed import PRODUCT
from concord.local.installation import Installation
from concord.local.ports import LOOPBACK, choose_port
from concord.local.processes import Command, Processes
from sandbox.load import load
from sandbox.referee.control_desk import Record, read_records
from sandbox.vendors.registry import find_vendors
from sandbox.world import World

START_SECONDS = 60.0
PROBE_SECONDS = 2.0


@dataclass(slots=True)
class StagedSystem:
    """A system that a server of the sandbox stands in for.

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
        processes.start(Command(name=self.name, arguments=command, folder=PRODUCT))
        processes.wait_ready(self.name, probe=self._is_healthy, timeout=START_SECONDS)
        return say_filled(loaded, self.url)

    def connection(self) -> str:
        """The connection to this system, as Airflow reads it from the environment."""
        vendor = find_vendors()[self.vendor]
        return format_connection(self.url, vendor.client, vendor.extra)

    def read(self, resources: Sequence[str]) -> dict[str, list[Record]]:
        """The records that the system holds now, read without Concord's readers."""
        return {resource: list(read_records(self.url, resource)) for resource in resources}

    def _is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/__control/health", timeout=PROBE_SECONDS).ok
        except requests.RequestException:
            return False


def say_filled(counts: Mapping[str, int], where: str) -> str:
    """How many records a system holds, and where it is."""
    return f"{sum(counts.values()):,} records, {where}"


def format_connection(url: str, login: tuple[str, str], extra: Mapping[str, Any]) -> str:
    """A connection as Airflow reads it from the environment; `login` is the user's name and password."""
    name, password = login
    parts = {"conn_type": "http", "host": url, "login": name, "password": password, "extra": dict(extra)}
    return json.dumps(parts)
