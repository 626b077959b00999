"""The CRM; the server decides on the page size, so the control desk makes its pages small."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from concord.contract import Resource
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.referee.control_desk import read_records
from sandbox.world import World

HABITS = Habits(
    operations={"read": "^query", "write": "^collection_update", "create": "^collection_upsert"},
    login="/oauth2/token",
    collections={"accounts": "Account", "contacts": "Contact", "orders": "Order", "wholesale_orders": "Order"},
    touches={
        "Account": {"Website": "https://example.com"},
        "Contact": {"LastName": "Changed"},
        "Order": {"Status": "Activated"},
    },
    limits={"batch_size": 17},
)


@dataclass
class CrmDesk(SandboxDesk):
    """Both kinds of orders lie in one collection; which of them are wholesale is asked for."""

    url: str = ""

    def count(self, resource: Resource) -> int:
        if resource.name != "wholesale_orders":
            return super().count(resource)
        return sum(record["Wholesale_Order__c"] is not None for record in read_records(self.url, "orders"))


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("salesforce", folder, world.salesforce)
    server = start("salesforce", folder)
    connection = Connection("salesforce_default", server.url, "sandbox-client", "sandbox-secret")
    yield Bench(
        system("salesforce"),
        connection,
        CrmDesk(server, HABITS, server.url),
    )
    server.stop()


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    if resource.name == "accounts":
        account = {"account_name": f"New {number}", "account_type": "Business", "city": "Bern"}
        place = {"street": "Am Kanal 1", "postal_code": "3011", "country_name": "CH"}
        return {**account, **place, "concord_id": f"CUS-{number}"}
    accounts = bench.system.resource("accounts")
    records = by_key(accounts, read_all(session, accounts))
    owner = next(key for key, record in records.items() if not record["IsDeleted"])
    if resource.name == "wholesale_orders":
        order = {"order_number": str(800_000 + number), "order_status": "Draft", "effective_date": "2026-11-01"}
        price = {"wholesale_amount": Decimal("19.80"), "currency_code": "EUR"}
        return {**order, **price, "account_source_id": owner, "customer_reference": f"PO-{number}"}
    reach = {"first_name": "Erika", "email": f"new{number}@example.com", "phone": "+493012345678"}
    return {"account_source_id": owner, **reach, "last_name": f"New {number}", "concord_id": f"CUS-{number}"}


def merge_accounts(bench: Bench, heir: str, gone: str) -> str:
    """What a merge leaves of the account that is gone."""
    assert isinstance(bench.desk, SandboxDesk)
    said = {"MasterRecordId": heir, "IsDeleted": True}
    bench.desk.server.control("edit", {"resource": "Account", "id": gone, "set": said})
    return heir


FACTS = Facts(
    open=open_bench,
    first="contacts",
    good={
        "accounts": {"city": "Potsdam", "country_name": "CH"},
        "contacts": {"phone": "+493012345678"},
        "orders": {"order_status": "Cancelled"},
        "wholesale_orders": {"wholesale_amount": Decimal("12.5")},
    },
    every={
        "accounts": {"account_name": "Nordlicht", "street": "Am Kanal 1", "postal_code": "14467"},
        "contacts": {"first_name": "Erika", "last_name": "Nordlicht", "email": "another@example.org"},
        "orders": {"delivery_status": "Delivered 2026-11-02"},
    },
    merge={"accounts": merge_accounts},
    bad={
        "accounts": {"account_name": None},
        "contacts": {"email": "nobody at nowhere"},
        "orders": {"order_status": "Dreamt of"},
        "wholesale_orders": {"wholesale_amount": "a lot"},
    },
    broken={
        "accounts": {"account_name": None},
        "contacts": {"email": "nobody at nowhere"},
        "wholesale_orders": {"effective_date": None},
    },
    new_record=new_record,
    unnamed={
        "accounts": {
            "BillingState": "Brandenburg",
            "ShippingStreet": "Hafen 2",
            "ShippingCity": "Kiel",
            "Industry": "Retail",
            "Website": "https://example.com",
            "OwnerId": "005000000000001",
            "Level__c": "gold",
        },
        "contacts": {"Title": "Head of purchasing", "MobilePhone": "+4915112345678", "MailingCity": "Kiel"},
        "orders": {"Description": "by telephone", "ShippingCity": "Kiel", "Level__c": "gold"},
        "wholesale_orders": {"Description": "by telephone", "ShippingCity": "Kiel", "Level__c": "gold"},
    },
    moves=frozenset({"SystemModstamp", "LastModifiedDate"}),
    empty_at_first={
        ("accounts", "concord_id"): "we are the ones to write it",
        ("contacts", "concord_id"): "we are the ones to write it",
        ("contacts", "master_source_id"): "the world merges accounts, whose contacts move along",
    },
    in_bulk={"contacts": "csv"},
)
