"""The vendors of a night: two sandbox servers and a real Tryton, filled from one world and restored at will."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concord.settings import Connection
from concord.testing.relay import Relay, relayed
from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.staged_system import StagedSystem
from sandbox.vendors.registry import find_vendors
from sandbox.vendors.tryton import server as tryton
from sandbox.vendors.tryton.staged import StagedTryton
from sandbox.world import World
from sandbox.world.__main__ import write_world

STATE = Path(__file__).parents[2] / ".concord"
SANDBOX = ("salesforce", "shopify")
ERP = "tryton"
CRM_PAGE = 17
STAMPS = frozenset({"updatedAt", "createdAt", "SystemModstamp", "CreatedDate"})
_ERP_RECORDS: Mapping[str, str] = {
    "parties": "select code, name, active from party_party order by 1, 2",
    "addresses": """
        select party.code, address.street_unstructured, address.city, address.postal_code, country.code,
            address.active
        from party_address as address join party_party as party on party.id = address.party
        left join country_country as country on country.id = address.country order by 1, 2, 3, 4, 5
    """,
    "contact_mechanisms": """
        select party.code, mechanism.type, mechanism.value, mechanism.active
        from party_contact_mechanism as mechanism join party_party as party on party.id = mechanism.party
        order by 1, 2, 3
    """,
    "products": """
        select product.code, template.name, price.list_price from product_product as product
        join product_template as template on template.id = product.template
        left join product_list_price as price on price.template = template.id order by 1
    """,
    "sales": """
        select sale.reference, sale.state, party.code, sale.sale_date, sale.total_amount_cache,
            (select group_concat(line.product || '*' || line.quantity || '*' || line.unit_price, ' ')
                from (select * from sale_line where sale = sale.id order by id) as line)
        from sale_sale as sale join party_party as party on party.id = sale.party order by 1, 2
    """,
}


@dataclass(frozen=True, slots=True)
class Vendors:
    """All of them running; `relay` stands in front of Tryton, which cannot be told to misbehave."""

    world: World
    servers: Mapping[str, Server]
    erp: tryton.Instance
    relay: Relay
    erp_servers: list[tryton.Server]

    def connections(self) -> dict[str, Connection]:
        """How the product reaches each."""
        found = {name: _connection(name, server) for name, server in self.servers.items()}
        extra = {"database": self.erp.database}
        found[ERP] = Connection("tryton_default", self.relay.url, self.erp.user, self.erp.password, extra)
        return found

    def staged_systems(self) -> dict[str, StagedSystem]:
        """The same systems as the referee reads them, without Concord's readers."""
        found = {
            name: StagedSystem(name=name, folder=server.data_dir, port=server.port)
            for name, server in self.servers.items()
        }
        found[ERP] = StagedTryton(name=ERP, folder=self.erp.folder, port=self.erp.port, erp=self.erp)
        return found

    def control(self, vendor: str, path: str, body: Any = None) -> Any:
        """The control desk of a sandbox vendor."""
        return self.servers[vendor].control(path, body)

    def kill_erp(self) -> None:
        """End Tryton as a power cut would."""
        server = self.erp_servers.pop()
        server.process.kill()
        server.process.wait()

    def start_erp(self) -> None:
        """Start Tryton where it was, unless it runs."""
        if not self.erp_servers:
            self.erp_servers.append(tryton.start(self.erp))

    def files(self) -> dict[str, Path]:
        """Where each keeps its records."""
        found = {name: server.data_dir / f"{name}.sqlite" for name, server in self.servers.items()}
        found[ERP] = self.erp.folder / f"{self.erp.database}.sqlite"
        return found

    def save(self, folder: Path) -> Path:
        """Keep what they all hold."""
        folder.mkdir(parents=True)
        for name, file in self.files().items():
            _copy(file, folder / name)
        return folder

    def restore(self, folder: Path) -> None:
        """Bring back what was kept, while they run; faults, counts and limits as at the start."""
        for name, file in self.files().items():
            _copy(folder / name, file)
        self.calm()

    def calm(self) -> None:
        """No faults, no counts."""
        for server in self.servers.values():
            server.control("reset", {})
        self.servers["salesforce"].control("limits", {"batch_size": CRM_PAGE})
        self.relay.plan.clear()

    def contents(self, name: str) -> dict[str, Any]:
        """Everything a vendor holds, read from its own file; stamps and the keys it gives out itself aside."""
        with closing(sqlite3.connect(self.files()[name])) as connection:
            if name == ERP:
                return {key: connection.execute(query).fetchall() for key, query in _ERP_RECORDS.items()}
            return {table: _records(connection, table) for table in _record_tables(connection)}

    def all_contents(self) -> dict[str, dict[str, Any]]:
        """The contents of all of them."""
        return {name: self.contents(name) for name in (*SANDBOX, ERP)}

    def effects(self, vendor: str) -> dict[str, int]:
        """How often each record of a sandbox vendor was really written since the start."""
        counted = self.control(vendor, "counts")["records"]
        return {name: entry["effects"] for name, entry in counted.items() if entry["effects"]}


def _connection(name: str, server: Server) -> Connection:
    vendor = find_vendors()[name]
    return Connection(f"{name}_default", server.url, *vendor.client, dict(vendor.extra))


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source, timeout=30)) as before,
        closing(sqlite3.connect(target, timeout=30)) as now,
    ):
        before.backup(now)


def _record_tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("select name from sqlite_master where type = 'table' and name like 'records_%'")
    return sorted(str(row[0]) for row in rows)


def _records(connection: sqlite3.Connection, table: str) -> list[Any]:
    rows = connection.execute(f'select body from "{table}" order by key').fetchall()
    return [_without_stamps(json.loads(row[0])) for row in rows]


def _without_stamps(value: Any) -> Any:
    """A field that is empty says the same as one that was never there."""
    if isinstance(value, dict):
        said = {name: inner for name, inner in value.items() if name not in STAMPS and inner is not None}
        return {name: _without_stamps(inner) for name, inner in said.items()}
    if isinstance(value, list):
        return [_without_stamps(item) for item in value]
    return value


@contextmanager
def running_vendors(folder: Path, world: World) -> Iterator[Vendors]:
    """All vendors, loaded and up."""
    for name in SANDBOX:
        load(name, folder / name, world.of(name))
    write_world(world, folder / "world", systems=(ERP,))
    instance = tryton.create(STATE, folder / ERP)
    tryton.load(instance, folder / "world" / ERP)
    servers = {name: start(name, folder / name) for name in SANDBOX}
    erp_servers = [tryton.start(instance)]
    try:
        with relayed(instance.url) as relay:
            vendors = Vendors(world, servers, instance, relay, erp_servers)
            vendors.calm()
            yield vendors
    finally:
        for server in erp_servers:
            tryton.stop(server)
        for each in servers.values():
            each.stop()
