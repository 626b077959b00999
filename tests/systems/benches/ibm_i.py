"""The wholesale department's host: its folders, shown by a real SFTP server that breaks on request.

Where no OpenSSH server can be had, the folders are read as they are, and the tests that need a break are skipped.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Resource
from concord.files.storage import FileLogin
from concord.http.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from sandbox.vendors.ibm_i.host import KINDS, Host
from sandbox.world import World
from tests.systems.bench import Bench, Desk, Facts
from tests.systems.sftp_server import PASSPHRASE, NoServerError, sftp_server

ZONE = "Europe/Berlin"
PURPOSES = {"read": "read", "write": "finish", "create": "finish"}


@dataclass
class FolderDesk(Desk):
    """A hand on the host's folders, and on the relay in front of its SFTP server."""

    host: Host
    world: World
    control: Path | None
    gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.kept = set(self._files())

    def _files(self) -> list[Path]:
        return [path for path in self.host.folder.rglob("*") if path.is_file()]

    def _customers(self) -> list[dict[str, Any]]:
        records = self.world.records("ibm_i", "customers")
        return [record | {"is_deleted": str(record["customer_number"]) in self.gone} for record in records]

    def count(self, resource: Resource) -> int:
        if resource.name == "customers":
            return len(self._customers())
        if resource.name == "orders":
            return sum(1 for _ in self.world.records("ibm_i", "orders"))
        return len(set(self.host.read_keys(resource.name)))

    def fault(self, kind: str, *, on: str) -> None:
        purpose = "begin" if (kind, on) == ("throttle", "write") else PURPOSES[on]
        self._plan(f"{purpose} {kind}")

    def _plan(self, line: str) -> None:
        if self.control is None:
            pytest.skip("there is no OpenSSH server here that could break")
        with (self.control / "plan").open("a") as plan:
            plan.write(f"{line}\n")

    def calls(self) -> int:
        return (self.control / "calls").stat().st_size if self.control else 0

    def effects(self, resource: Resource, key: str) -> object:
        return self.host.read_keys(resource.name).count(key)

    def expire_login(self) -> None:
        self._plan("list cut_before")

    def touch(self, resource: Resource, key: str) -> None:
        record = {"order_number": int(key), "acknowledgement_status": "AC", "reason": "by telephone"}
        self.host.write_run(resource.name, self._next(resource.name), datetime.now(UTC), [record])

    def delete(self, resource: Resource, key: str) -> None:
        self.gone.add(key)
        self.host.write_run(resource.name, self._next(resource.name), datetime.now(UTC), self._customers())

    def _next(self, resource: str) -> int:
        found = [path for folder in ("out", "in", "taken") for path in self.host.runs(KINDS[resource], folder)]
        return max(int(path.stem.rpartition("_")[2]) for path in found) + 1

    def reset(self) -> None:
        """The folders as they were: what was sent and what was edited goes."""
        for path in set(self._files()) - self.kept:
            path.unlink()
        self.gone.clear()
        if self.control is not None:
            (self.control / "plan").unlink(missing_ok=True)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    host = Host(folder / "files", ZoneInfo(ZONE))
    host.fill(world.of("ibm_i"))
    with ExitStack() as stack:
        control: Path | None = None
        connection = Connection("ibm_i_default", f"file://{host.folder}", extra={"time_zone": ZONE})
        try:
            server = stack.enter_context(sftp_server(folder / "ssh"))
        except NoServerError:
            pass
        else:
            control = server.control
            extra = {"time_zone": ZONE, "host_key": server.host_key, "private_key": server.private_key}
            url = server.url(host.folder)
            connection = Connection("ibm_i_default", url, server.user, PASSPHRASE, extra)
        yield Bench(system("ibm_i"), connection, FolderDesk(host, world, control), FileLogin)


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    if resource.name == "acknowledgements":
        answer = {"acknowledgement_status": "AC", "crm_order_number": f"CRM{number}"}
        return {"order_number": str(800000 + number), "reason": "as agreed", **answer}
    return {
        "reference": f"NEW-{number}",
        "customer_number": "10015",
        "ordered_on": "2026-11-20",
        "currency_code": "EUR",
        "lines": [{"ITEMNO": "LAM-1001", "QTY": 12, "UNTPRC": "85.2300"}],
    }


DEFECTS = "only a damaged record has defects, and the world has none"

FACTS = Facts(
    open=open_bench,
    first="customers",
    good={"acknowledgements": {"acknowledgement_status": "RJ", "reason": "credit limit reached"}},
    every={"acknowledgements": {"crm_order_number": "CRM4711"}},
    bad={"acknowledgements": {"reason": "артикул не найден"}},
    broken={
        "acknowledgements": {"acknowledgement_status": "ACCEPTED"},
        "order_requests": {"customer_number": "nobody"},
    },
    new_record=new_record,
    empty_at_first={
        (name, "defects"): DEFECTS for name in ("customers", "orders", "order_requests", "acknowledgements")
    },
    skips={
        "a_merge_is_seen": "the host merges nobody; a number that is given up comes as a deletion",
        "the_pace_that_is_declared_is_kept": "a folder counts no calls and has no limit of them",
        "a_page_mark_that_comes_again_stops_the_reading": (
            "a file has no page marks: its records lie one behind the other, and their number is counted"
        ),
    },
)
