"""The demo's wholesale host: a folder of files."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from concord.local.processes import Processes
from sandbox.referee.control_desk import Record
from sandbox.staged_system import StagedSystem, format_connection, say_filled
from sandbox.vendors.ibm_i.host import Host
from sandbox.world import World

HOST_ZONE = "Europe/Berlin"


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
