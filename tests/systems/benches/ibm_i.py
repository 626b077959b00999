"""The wholesale department's host: its folders, served by a real SFTP server that fails on request.

Where no OpenSSH server can be had, the folders are read as they are, and the tests that need a break are skipped.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Resource
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.desk import Desk
from concord.testing.facts import Facts
from sandbox.vendors.ibm_i.host import KINDS, Host
from sandbox.world import World
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
    form = "cells"

    def __post_init__(self) -> None:
        self.kept = {path: path.read_bytes() for path in self._files()}

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
        self._plan(f"{purpose} {'cut_after' if kind == 'busy_after' else kind}")

    def _plan(self, line: str) -> None:
        if self.control is None:
            pytest.skip("there is no OpenSSH server here that could break")
        with (self.control / "plan").open("a") as plan:
            plan.write(f"{line}\n")

    def cut(self, number: int) -> None:
        self._plan("\n".join(["any pass"] * (number - 1) + ["any cut_after"]))

    def has_cut(self) -> bool:
        return self.control is not None and not (self.control / "plan").read_text()

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

    def give_nothing(self) -> None:
        self.host.write_run("customers", self._next("customers"), datetime.now(UTC), [])

    def _next(self, resource: str) -> int:
        found = [path for folder in ("out", "in", "taken") for path in self.host.runs(KINDS[resource], folder)]
        return max(int(path.stem.rpartition("_")[2]) for path in found) + 1

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        for path in self._files():
            content = path.read_bytes()
            for old, new in replaced.items():
                content = content.replace(old, new)
            _overwrite(path, content)

    def reset(self) -> None:
        """The folders as they were: what was sent and what was edited goes."""
        for path in set(self._files()) - self.kept.keys():
            path.unlink()
        for path, content in self.kept.items():
            _overwrite(path, content)
        self.gone.clear()
        if self.control is not None:
            (self.control / "plan").unlink(missing_ok=True)


def _overwrite(path: Path, content: bytes) -> None:
    """Put other bytes into a file and leave its time as it is."""
    if path.read_bytes() != content:
        stat = path.stat()
        path.write_bytes(content)
        os.utime(path, (stat.st_atime, stat.st_mtime))


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
        yield Bench(system("ibm_i"), connection, FolderDesk(host, world, control))


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
    is_http=False,
    open=open_bench,
    first="customers",
    good={"acknowledgements": {"acknowledgement_status": "RJ", "reason": "credit limit reached"}},
    every={"acknowledgements": {"crm_order_number": "CRM4711"}},
    bad={"acknowledgements": {"reason": "артикул не найден"}},
    refused={"acknowledgements": "REASON holds a letter that code page cp037 does not have"},
    broken={
        "acknowledgements": {"acknowledgement_status": "ACCEPTED"},
        "order_requests": {"customer_number": "nobody"},
    },
    new_record=new_record,
    empty_at_first={
        (name, "defects"): DEFECTS for name in ("customers", "orders", "order_requests", "acknowledgements")
    },
    never_deleted={
        "order_requests": "its files are ours, and what was asked for stays asked for when a file is cleared away",
        "acknowledgements": "its files are ours, and an answer stays given when a file is cleared away",
    },
    whole_lists={
        **dict.fromkeys(
            [(name, "defects") for name in ("customers", "orders", "order_requests", "acknowledgements")],
            "the reader makes the list of what it found",
        ),
        ("orders", "lines"): "a file is read whole, and its trailer counts its lines",
        ("order_requests", "lines"): "a file is read whole, and its trailer counts its lines",
    },
    unmarked={
        "order_requests": "each of its texts stands in several records; other kinds of files are damaged",
    },
    skips={
        "many_records_of_another_shape_are_refused": "a record of a file has no shapes, only bytes",
        "a_clock_that_differs_is_a_note": "a server of files names no time",
        "a_write_leaves_all_else_of_the_record_as_it_is": (
            "the host's record is not changed: a newer one is sent, and what it keeps of the older is another test"
        ),
        "a_value_that_is_cut_is_not_confirmed_and_its_field_is_named": (
            "a file arrives with the bytes that were sent, and its columns are read back before it is sent"
        ),
        "a_refused_read_shows_the_vendors_own_words": "a folder holds files, and refuses no field of them",
        "a_change_by_a_clock_that_is_behind_is_read_the_next_night": (
            "a folder has no clock that answers; a run is met by its name's time or its arrival, a day around"
        ),
        "a_stamp_in_the_future_is_read_and_orders_no_versions": (
            "the time in a file name that has not come yet is not used; the tests of files have it"
        ),
        "a_merge_is_seen": "the host merges nobody; a number that is given up comes as a deletion",
        "the_pace_that_is_declared_is_kept": "a folder counts no calls and has no limit of them",
        "a_page_mark_that_comes_again_stops_the_reading": (
            "a file has no page marks: its records lie one behind the other, and their number is counted"
        ),
    },
)
