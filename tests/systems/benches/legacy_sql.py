"""The old shop: a real PostgreSQL with a login of two connections, and a relay in front that plays the faults."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from concord.contract import Resource
from concord.http.client import HttpSession
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.registry import system
from concord.settings import Connection
from concord.sql.link import DatabaseLogin
from sandbox.legacy.database import TABLES, Legacy, create, fill
from sandbox.world import World
from tests.conftest import open_folder
from tests.systems.bench import Bench, Desk, Facts
from tests.systems.wire_relay import WireRelay, wire_relayed

WORDS = {"read": b"SELECT ", "write": b"UPDATE ", "create": b"INSERT INTO "}
KEYS = {"customers": "cusno", "inbox": "msg_id"}
COUNTERS = {"customers": "verno", "inbox": "xmin::text::bigint"}
DEADLINE = 20.0
WAITING = (
    "select min(pid::text || waitstart::text) from pg_locks where not granted and relation = 'custmast'::regclass"
)


@dataclass
class LegacyDesk(Desk):
    """The owner of the database, who may look and edit, and stand in the way."""

    legacy: Legacy
    relay: WireRelay
    lockers: list[threading.Thread] = field(default_factory=list)

    def ask(self, query: str, *values: object) -> Any:
        with psycopg.connect(self.legacy.owner_url) as connection:
            found = connection.execute(sql.SQL(query), values)
            return found.fetchone() if found.description else None

    def count(self, resource: Resource) -> int:
        return int(self.ask(f"select count(*) from {TABLES[resource.name]}")[0])

    def fault(self, kind: str, *, on: str) -> None:
        if kind == "throttle":
            self._stand_in_the_way()
        else:
            self.relay.plan.append((WORDS[on], kind))

    def calls(self) -> int:
        return len(self.relay.moments)

    def moments(self) -> list[float]:
        return self.relay.moments

    def effects(self, resource: Resource, key: str) -> object:
        counter, table, column = COUNTERS[resource.name], TABLES[resource.name], KEYS[resource.name]
        return self.ask(f"select {counter} from {table} where {column} = %s", key)[0]

    def touch(self, resource: Resource, key: str) -> None:
        self.ask("update custmast set loypts = loypts + 1, verno = verno + 1 where cusno = %s", key)

    def delete(self, resource: Resource, key: str) -> None:
        self.ask("update custmast set delcd = 'D', verno = verno + 1 where cusno = %s", key)

    def reset(self) -> None:
        self.relay.plan.clear()
        for thread in self.lockers:
            thread.join(DEADLINE)
        self.lockers.clear()

    def _stand_in_the_way(self) -> None:
        """Hold the table until somebody has waited for it and given up."""
        is_held = threading.Event()
        self.lockers.append(threading.Thread(target=self._hold, args=(is_held,)))
        self.lockers[-1].start()
        assert is_held.wait(DEADLINE)

    def _hold(self, is_held: threading.Event) -> None:
        with (
            psycopg.connect(self.legacy.owner_url) as holder,
            psycopg.connect(self.legacy.owner_url, autocommit=True) as watcher,
        ):
            holder.execute("lock table custmast in access exclusive mode")
            is_held.set()
            deadline, first = time.monotonic() + DEADLINE, None
            while time.monotonic() < deadline:
                (waiter,) = watcher.execute(WAITING).fetchone() or (None,)
                if first is not None and waiter != first:
                    return
                first = waiter


@contextmanager
def open_legacy(world: World) -> Iterator[Legacy]:
    """A database server that is thrown away afterwards, with the old shop's database in it."""
    with open_folder() as home, Processes(home, is_bound=True) as processes:
        server = Postgres(home, processes, settings=FORGETFUL, databases=[])
        server.start()
        legacy = create(server.url("postgres"), name="oldshop", password="let me in")
        fill(legacy, world)
        yield legacy


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    with open_legacy(world) as legacy:
        address = urlsplit(legacy.url)
        with wire_relayed(str(address.hostname), int(address.port or 0)) as relay:
            url = f"postgresql://127.0.0.1:{relay.port}{address.path}"
            extra = {**legacy.extra, "lock_seconds": "0.1"}
            connection = Connection("legacy_sql_default", url, legacy.login, legacy.password, extra)
            yield Bench(system("legacy_sql"), connection, LegacyDesk(legacy, relay), DatabaseLogin)


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    return {
        "message_entity": "CUSTOMER",
        "entity_key": f"{number:010d}",
        "message_text": '{"points": 12}',
    }


FACTS = Facts(
    open=open_bench,
    first="customers",
    good={"customers": {"phone_digits": "493012345678", "email": "another@example.org"}},
    every={"customers": {"street": "AM KANAL 1", "postal_code": "14467", "city": "POTSDAM", "country_code": "CH"}},
    bad={"customers": {"email": f"{'x' * 60}@example.org"}},
    broken={"inbox": {"message_entity": "NONSENSE"}},
    new_record=new_record,
    absent_key=lambda key: "9999999999",
    skips={
        "a_merge_is_seen": "the old shop merges nobody",
        "the_pace_that_is_declared_is_kept": (
            "what this database counts is connections, and it gives two; another test takes them"
        ),
        "a_login_that_ended_is_renewed_once": (
            "a database login has no token that could end; a connection that breaks is another test"
        ),
        "a_page_mark_that_comes_again_stops_the_reading": (
            "its pages go by the last row seen, which a database cannot repeat"
        ),
    },
)
