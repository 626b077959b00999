"""The old shop: a real PostgreSQL with a login of two connections, and a relay in front that causes the faults."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from concord.contract import Field, Resource
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.protocols.session.client import HttpSession
from concord.protocols.sql.stamps import Digits
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.databases import open_folder
from concord.testing.desk import Desk, Values
from concord.testing.facts import Facts
from sandbox.vendors.legacy_sql.database import TABLES, TIME_ZONE, Legacy, create, fill
from sandbox.world import World
from tests.systems.wire_relay import WireRelay, wire_relayed

# What is not committed was not written.
WORDS = {"read": (b"SELECT ",), "write": (b"UPDATE ", b"COMMIT"), "create": (b"INSERT INTO ", b"COMMIT")}
STAMP = Digits("upddt", "updtm")
KEYS = {"customers": "cusno", "inbox": "msg_id"}
COUNTERS = {"customers": "verno", "inbox": "xmin::text"}  # a number is a count
DEADLINE = 20.0
WAITING = (
    "select min(pid::text || waitstart::text) from pg_locks where not granted and relation = 'custmast'::regclass"
)
_SHORTEN = """
create or replace function shorten() returns trigger language plpgsql as $$
begin
    return jsonb_populate_record(new, (
        select jsonb_object_agg(
            key, case rtrim(value #>> '{}') when 'VALUE' then to_jsonb(left('VALUE', -1)) else value end
        )
        from jsonb_each(to_jsonb(new))
    ));
end $$
"""
_TRIGGER = "create trigger shorten before update on custmast for each row execute function shorten()"


@dataclass
class LegacyDesk(Desk):
    """The owner of the database, who may look and edit, and stand in the way."""

    legacy: Legacy
    relay: WireRelay
    lockers: list[threading.Thread] = field(default_factory=list)
    behind: timedelta = timedelta(0)
    form = "rows"
    altered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ask("create schema kept")
        for table in TABLES.values():
            self.ask(f"create table kept.{table} as table {table}")

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
            self.relay.plan.append((WORDS[on], "cut_after" if kind == "busy_after" else kind))

    def cut(self, number: int) -> None:
        self.relay.plan += [((b"",), "")] * (number - 1) + [((b"",), "cut_after")]

    def has_cut(self) -> bool:
        return not self.relay.plan

    def shorten(self, value: str) -> None:
        self.ask(_SHORTEN.replace("VALUE", value))
        self.ask(_TRIGGER)

    def calls(self) -> int:
        return len(self.relay.moments)

    def moments(self) -> list[float]:
        return self.relay.moments

    def effects(self, resource: Resource, key: str) -> object:
        counter, table, column = COUNTERS[resource.name], TABLES[resource.name], KEYS[resource.name]
        return self.ask(f"select {counter} from {table} where {column} = %s", key)[0]

    def raw(self, resource: Resource, key: str) -> Any:
        table, column = TABLES[resource.name], KEYS[resource.name]
        return self.ask(f"select to_jsonb(found) from {table} as found where {column} = %s", key)[0]

    def fill(self, resource: Resource, key: str, values: Values) -> None:
        table, column = TABLES[resource.name], KEYS[resource.name]
        for name, value in values.items():
            self.ask(f"alter table {table} add column if not exists {name} text")
            self.ask(f"update {table} set {name} = %s where {column} = %s", value, key)

    def touch(self, resource: Resource, key: str) -> None:
        stamp = datetime.now(ZoneInfo(TIME_ZONE)) - self.behind
        self.ask(
            "update custmast set loypts = loypts + 1, verno = verno + 1, upddt = %s, updtm = %s where cusno = %s",
            *STAMP.write(stamp, ZoneInfo(TIME_ZONE)),
            key,
        )

    def delete(self, resource: Resource, key: str) -> None:
        self.touch(resource, key)
        self.ask("update custmast set delcd = 'D' where cusno = %s", key)

    def give_nothing(self) -> None:
        """The owner of the table is shown all rows, and any other login none."""
        self.ask("alter table custmast enable row level security")

    def put_clock_back(self, seconds: float) -> None:
        """A database takes its time from the machine; one function in front of its own says another."""
        self.ask("create schema if not exists slow authorization current_user")
        self.ask(
            "create or replace function slow.clock_timestamp() returns timestamptz language sql as "
            f"$$ select pg_catalog.clock_timestamp() - interval '{seconds} seconds' $$"
        )
        self.ask(f"grant usage on schema slow to {self.legacy.login}")
        self.ask(f"alter role {self.legacy.login} set search_path = slow, pg_catalog, public")
        self.behind = timedelta(seconds=seconds)

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        self.relay.replaced.update(replaced)

    def lack(self, resource: Resource, item: Field) -> Resource:
        self._alter(resource, "rename column {0} to {0}_dropped", "rename column {0}_dropped to {0}", item)
        return resource

    def retype(self, resource: Resource, item: Field) -> Resource:
        back = "alter column {0} type decimal(9, 0) using {0}::decimal"
        self._alter(
            resource,
            "alter column {0} drop default, alter column {0} type varchar(20) using {0}::text",
            back,
            item,
        )
        return resource

    def _alter(self, resource: Resource, change: str, back: str, item: Field) -> None:
        table, column = TABLES[resource.name], item.parts[0]
        self.ask(f"alter table {table} {change.format(column)}")
        self.altered.append(f"alter table {table} {back.format(column)}")

    def reset(self) -> None:
        while self.altered:
            self.ask(self.altered.pop())
        self.relay.plan.clear()
        self.ask("drop trigger if exists shorten on custmast")
        self.behind = timedelta(0)
        self.ask("alter table custmast disable row level security")
        self.ask(f"alter role {self.legacy.login} reset search_path")
        self.relay.replaced.clear()
        for thread in self.lockers:
            thread.join(DEADLINE)
        self.lockers.clear()
        for table in TABLES.values():
            self._restore(table)

    def _restore(self, table: str) -> None:
        """The rows as they were; columns that a test added stay, and are empty."""
        (columns,) = self.ask(
            "select string_agg(quote_ident(attname), ', ') from pg_attribute "
            f"where attrelid = 'kept.{table}'::regclass and attnum > 0"
        )
        self.ask(f"delete from {table}")
        self.ask(f"insert into {table} ({columns}) select {columns} from kept.{table}")

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
            yield Bench(system("legacy_sql"), connection, LegacyDesk(legacy, relay))


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    return {
        "message_entity": "CUSTOMER",
        "entity_key": f"{number:010d}",
        "message_text": '{"points": 12}',
    }


FACTS = Facts(
    is_http=False,
    open=open_bench,
    first="customers",
    good={"customers": {"phone_digits": "493012345678", "email": "another@example.org"}},
    every={"customers": {"street": "AM KANAL 1", "postal_code": "14467", "city": "POTSDAM", "country_code": "CH"}},
    bad={"customers": {"email": f"{'x' * 60}@example.org"}},
    refused={"read": 'column "no_such_column" does not exist', "customers": "value too long for type character"},
    broken={"inbox": {"message_entity": "NONSENSE"}},
    new_record=new_record,
    absent_key=lambda key: "9999999999",
    unnamed={"customers": {"loypts": 77, "remark": "only mornings"}},
    moves=frozenset({"verno", "upddt", "updtm", "updusr"}),
    never_deleted={"inbox": "messages are ours: the shop marks one as taken, and purges those of months ago"},
    skips={
        "many_records_of_another_shape_are_refused": "a column of a table has one type",
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
