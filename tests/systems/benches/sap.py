"""The group's ERP; its services give ten records a page, whatever size is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from concord.contract import Resource
from concord.protocols.odata.values import read_moment
from concord.protocols.session.client import HttpSession
from concord.protocols.values import Record, value_at
from concord.registry import system
from concord.settings import Connection
from concord.systems.sap.declaration import PARTNER_CHANGES
from concord.testing.bench import Bench, read_all
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.sap.vendor import Sap
from sandbox.world import World

HABITS = Habits(
    operations={"read": "^read:", "write": "^update:", "create": "^create:"},
    collections={
        "business_partners": "A_BusinessPartner",
        "addresses": "A_BusinessPartnerAddress",
        "products": "Product",
        "stock_levels": "A_MatlStkInAcctMod",
        "prices": "A_SlsPrcgCndnRecdValidity",
        "sales_orders": "A_SalesOrder",
    },
    touches={
        "A_BusinessPartner": {"Language": "DE"},
        "A_BusinessPartnerAddress": {"Language": "DE"},
        "A_SalesOrder": {"DeliveryBlockReason": "01"},
    },
    limits={"page_size": 10},
)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("sap", folder, world.of("sap"))
    server = start("sap", folder)
    connection = Connection("sap_default", server.url, *Sap.client)
    yield Bench(system("sap"), connection, SandboxDesk(server, HABITS))
    server.stop()


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    """An order of one line, by a partner and for a product that are there, or a new partner with its address."""
    if resource.name == "business_partners":
        place = {"street_name": "Am Kanal", "house_number": "1", "city": "Potsdam", "postal_code": "14467"}
        reach = {"country_code": "DE", "email": f"new{number}@example.com", "phone": "+493012345678"}
        name = {"partner_category": "2", "organization_name_1": f"Werk {number}", "organization_name_2": "& Co."}
        return {**name, "external_party_code": f"CUS-{number}", "new_address": {**place, **reach}}
    partner = read_all(session, bench.system.resource("business_partners"))[0]
    product = read_all(session, bench.system.resource("products"))[0]
    line = {"sku": product["Product"], "unit": "EA", "quantity": 2, "unit_price": "12.34"}
    return {
        "reference": f"#9{number}",
        "partner_source_id": partner["BusinessPartner"],
        "currency_code": "EUR",
        "order_date": "2026-11-20",
        "items": [line],
    }


def moment_of(resource: Resource, record: Record) -> datetime:
    """When a record changed: partners say it in two fields."""
    if resource.name == "business_partners":
        moment = PARTNER_CHANGES.moment(record)
    else:
        moment = read_moment(value_at(record, resource.field("changed_at")))
    assert moment is not None
    return moment


FACTS = Facts(
    open=open_bench,
    first="business_partners",
    good={
        "business_partners": {"organization_name_1": "Nordlicht GmbH", "organization_name_2": "& Co. KG"},
        "addresses": {"city": "Bern", "country_code": "CH"},
    },
    every={
        "business_partners": {"search_term": "NORDLICHT"},
        "addresses": {
            "street_name": "Am Kanal",
            "house_number": "1a",
            "postal_code": "3011",
            "region_code": "BE",
        },
    },
    apart={
        ("sales_orders", "order_date"): "it is written as a day and read as milliseconds; OData has tests of both",
        ("business_partners", "first_name"): "a company has none; the names of people are a test of their own",
        ("business_partners", "last_name"): "a company has none; the names of people are a test of their own",
    },
    bad={
        "business_partners": {"organization_name_1": "A name of more than forty letters, which is too long"},
        "addresses": {"country_code": "QQQ"},
    },
    broken={"sales_orders": {"partner_source_id": "4711"}, "business_partners": {"partner_category": "9"}},
    finished={"sales_orders": {"TotalNetAmount": "24.680"}},
    new_record=new_record,
    empty_at_first={
        ("business_partners", "organization_name_2"): "no name of the world is longer than forty letters",
        ("stock_levels", "batch_number"): "the world's goods are not kept in batches",
        ("business_partners", "new_address"): "it is written only; addresses are a resource of their own",
        ("prices", "price_group_code"): "no price of the world is for a group of customers",
        ("prices", "release_status"): "every price of the world is released",
    },
    unfit=lambda record: record.get("BusinessPartnerCategory") == "1",
    absent_key=lambda key: key.replace("='", "='99", 1) if "=" in key else f"{key[:-1]}999",
    read_moment=moment_of,
    unnamed={
        "business_partners": {
            "Language": "DE",
            "AcademicTitle": "0001",
            "BusinessPartnerGrouping": "BP02",
            "LegalForm": "GM",
            "OrganizationBPName3": "Retail",
        },
        "addresses": {
            "StreetPrefixName": "Hinterhaus",
            "District": "Mitte",
            "POBox": "4711",
            "TransportZone": "0000000001",
        },
    },
    moves=frozenset({"LastChangeDate", "LastChangeTime", "__stamp"}),
    whole_lists=dict.fromkeys(
        [
            ("addresses", "emails"),
            ("addresses", "phones"),
            ("products", "descriptions"),
            ("sales_orders", "items"),
        ],
        "a link beside the first part leads to the rest, and the reader follows it",
    )
    | {("business_partners", "new_address"): "it is written only; addresses are a resource of their own"},
    no_numbers={("business_partners", "new_address"): "it holds the parts of an address, all of them texts"},
    skips={
        "a_merge_is_seen": "partners are not merged; the one too many is marked for archiving",
        "a_login_that_ended_is_renewed_once": "a communication user sends its password with every call",
        "a_page_mark_that_comes_again_stops_the_reading": (
            "its pages go by the last key, which a server cannot repeat without repeating the records"
        ),
    },
)
