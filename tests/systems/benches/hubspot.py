"""The marketing CRM, with an account that has more calls a second than the suite makes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from concord.contract import Resource
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.hubspot.vendor import HubSpot
from sandbox.world import World

HABITS = Habits(
    field_name=lambda item: item.parts[-1],
    operations={"read": "^(list|search):", "write": "^update:", "create": "^upsert:"},
    touches={
        "contacts": {"jobtitle": "Head of everything"},
        "companies": {"description": "called today"},
        "deals": {"description": "called today"},
    },
    limits={"search_per_second": 10_000, "ten_secondly": 100_000},
)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("hubspot", folder, world.of("hubspot"))
    server = start("hubspot", folder)
    connection = Connection("hubspot_default", server.url, *HubSpot.client)
    yield Bench(system("hubspot"), connection, SandboxDesk(server, HABITS))
    server.stop()


PLACE = {
    "phone": "+493012345678",
    "street": "Am Kanal 1",
    "city": "Potsdam",
    "postal_code": "14467",
    "country_name": "CH",
    "lifecycle_stage": "customer",
    "erp_customer_code": "P99999",
}
ARCHIVED = "a record that is archived cannot say it; archiving is a test of its own"


def merging(kind: str) -> Callable[[Bench, str, str], str]:
    """How somebody makes one record of two, which may give it a new id."""

    def merge(bench: Bench, heir: str, gone: str) -> str:
        assert isinstance(bench.desk, SandboxDesk)
        edit = {"resource": kind, "id": heir, "set": {"merge": gone}}
        return str(bench.desk.server.control("edit", edit)["id"])

    return merge


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    match resource.name:
        case "contacts":
            contact = {"email": f"new{number}@example.com", "first_name": "Erika", "last_name": f"New {number}"}
            return {**PLACE, **contact, "concord_id": f"CUS-{number}"}
        case "companies":
            return {**PLACE, "company_name": f"New {number}", "concord_id": f"CUS-{number}"}
    money = {"amount": "12.50", "currency_code": "EUR", "closed_at": "2026-11-20T10:00:00Z"}
    place = {"pipeline_name": "ecommerce", "deal_stage": "cancelled", "erp_customer_code": "P10001"}
    return {"deal_name": f"New {number}", "shop_order_name": f"#9{number}", **money, **place}


FACTS = Facts(
    open=open_bench,
    first="contacts",
    good={
        "contacts": {"phone": "+493012345678", "email": None},
        "companies": {"city": "Potsdam", "country_name": "CH"},
        "deals": {"amount": "1234.56", "deal_stage": "cancelled"},
    },
    every={
        "contacts": {**PLACE, "email": "another@example.org", "first_name": "Erika", "last_name": "Nordlicht"},
        "companies": {**PLACE, "company_name": "Nordlicht GmbH"},
        "deals": {
            "deal_name": "Order by telephone",
            "currency_code": "CHF",
            "pipeline_name": "ecommerce",
            "closed_at": "2026-11-20T10:00:00Z",
        },
    },
    apart={(name, "is_archived"): ARCHIVED for name in ("contacts", "companies", "deals")},
    merge={name: merging(name) for name in ("contacts", "companies")},
    bad={
        "contacts": {"email": "nobody at nowhere"},
        "companies": {"lifecycle_stage": "dreamt of"},
        "deals": {"amount": "a lot"},
    },
    broken={
        "contacts": {"email": "nobody at nowhere"},
        "companies": {"lifecycle_stage": "dreamt of"},
        "deals": {"deal_stage": "dreamt of"},
    },
    new_record=new_record,
    empty_at_first={
        ("contacts", "concord_id"): "we are the ones to write it",
        ("companies", "concord_id"): "we are the ones to write it",
        ("companies", "archived_at"): "only contacts have left this world",
        ("deals", "archived_at"): "only contacts have left this world",
        ("deals", "merged_source_ids"): "nobody merges deals of different orders",
    },
    unnamed={
        "contacts": {
            "properties.jobtitle": "Head of purchasing",
            "properties.mobilephone": "+4915112345678",
            "properties.state": "Brandenburg",
            "properties.hs_language": "de",
            "properties.hubspot_owner_id": "4711",
            "properties.interests": "lamps;chairs",
        },
        "companies": {
            "properties.address2": "Hinterhaus",
            "properties.state": "Brandenburg",
            "properties.industry": "RETAIL",
            "properties.numberofemployees": "12",
            "properties.hubspot_owner_id": "4711",
        },
        "deals": {
            "properties.description": "by telephone",
            "properties.dealtype": "newbusiness",
            "properties.hs_priority": "high",
            "properties.hubspot_owner_id": "4711",
        },
    },
    moves=frozenset({"updatedAt"}),
    skips={
        "a_login_that_ended_is_renewed_once": (
            "the token of a private app has no end, and one that was withdrawn is replaced by a person"
        )
    },
)
