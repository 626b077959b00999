"""The ledger; its integration signs its logins with a key that the sandbox knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from concord.contract import Field, Resource
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.netsuite.vendor import NetSuite
from sandbox.world import World

HABITS = Habits(
    operations={"read": "^query:", "write": "^batch_update:", "create": "^batch_upsert:"},
    login="/oauth2/v1/token",
    touches={"customers": {"comments": "called today"}},
)


RECORD_TYPES = {"customers": "customer", "sales_orders": "salesOrder", "invoices": "invoice"}


class LedgerDesk(SandboxDesk):
    """Queries see tables, and the metadata catalogue describes record types."""

    def stir(self, resource: Resource, key: str) -> None:
        """A price level is worked out anew: a price moves and not its item's stamp."""
        item = self.raw(resource, key)
        item["price"]["items"][0]["price"] += 1
        self.server.control("put", {"resource": resource.name, "records": [item]})

    def lack(self, resource: Resource, item: Field) -> Resource:
        table = resource.read.table  # type: ignore[attr-defined]
        self.server.control("account", {"collection": table, "lacks": [item.path]})
        return resource

    def retype(self, resource: Resource, item: Field) -> Resource:
        record_type = f"{RECORD_TYPES[resource.name]} record"
        self.server.control("account", {"collection": record_type, "types": {item.path: "text"}})
        return resource


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("netsuite", folder, world.of("netsuite"))
    server = start("netsuite", folder)
    connection = Connection("netsuite_default", server.url, *NetSuite.client, NetSuite.extra)
    yield Bench(
        system("netsuite"),
        connection,
        LedgerDesk(server, HABITS),
    )
    server.stop()


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    if resource.name == "customers":
        place = {"street": "Am Kanal 1", "city": "Potsdam", "postal_code": "14467", "country_code": "DE"}
        name = {"is_person": True, "first_name": "New", "last_name": f"Number {number}"}
        reach = {"email": f"new{number}@example.com", "phone": "+493012345678"}
        return {**name, **reach, "address": place, "concord_id": f"CUS-{number}"}
    customer = next(iter(by_key(customers := bench.system.resource("customers"), read_all(session, customers))))
    item = next(iter(by_key(items := bench.system.resource("items"), read_all(session, items))))
    return {
        "external_id": f"WEB-9{number}",
        "order_name": f"#9{number}",
        "customer_source_id": customer,
        "document_date": "2026-11-01",
        "lines": [{"item_source_id": item, "quantity": 2, "unit_price": "12.30"}],
    }


FACTS = Facts(
    open=open_bench,
    retyped=("sales_orders",),
    first="customers",
    good={"customers": {"phone": "+493012345678"}},
    every={
        "customers": {"first_name": "Erika", "last_name": "Nordlicht", "email": "another@example.org"},
    },
    apart={
        ("customers", "is_person"): "it is written as a truth and read as a letter, which staging turns back",
        ("customers", "company_name"): "a person has none; companies are a test of their own",
    },
    bad={"customers": {"email": "nobody at nowhere"}},
    broken={"customers": {"email": "nobody at nowhere"}, "sales_orders": {"customer_source_id": "99999999"}},
    finished={"sales_orders": {"status": "B", "foreigntotal": "24.6"}},
    new_record=new_record,
    empty_at_first={
        ("customers", "concord_id"): "we are the ones to write it",
        ("customers", "address"): "SuiteQL has no lists within rows; the address is read as four fields",
        ("sales_orders", "lines"): "SuiteQL has no lists within rows; lines are only written",
    },
    absent_key=lambda key: f"99999999{key[5:]}",
    settles_lost_writes=True,
    unnamed={
        "customers": {
            "comments": "only mornings",
            "altPhone": "+4930111",
            "url": "https://example.com",
            "category": {"id": "2"},
            "custentity_level": "gold",
        }
    },
    moves=frozenset({"lastModifiedDate"}),
    whole_lists={
        ("customers", "address"): "it is written only; SuiteQL gives the parts of an address as columns",
        ("sales_orders", "lines"): "they are written only; SuiteQL has no lists within rows",
    },
    no_numbers={("customers", "address"): "it holds the parts of an address, all of them texts"},
    skips={
        "a_merge_is_seen": "of duplicates made one, it tells that one is gone and the other has changed",
        "a_page_mark_that_comes_again_stops_the_reading": (
            "its pages go by the last id, which a server cannot repeat without repeating the records"
        ),
    },
)
