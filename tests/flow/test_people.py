"""Work of people between nights: their edits are kept, a night is undone, a corrected record is accepted."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from concord.errors import ConfigurationError, ExpectationsFailedError
from concord.stages.reconcile.freshness import writable_systems
from concord.stages.replay.replay_dead_letters import DeadLetters, ReplayCounts, replay_kept_payloads
from concord.stages.write_back.approve import approve
from concord.store.engine import PLANNER
from concord.store.ledger.dead_letters import list_open_ids
from sandbox.vendors.tryton import server as tryton
from tests.flow.conftest import ENDED, RECONCILED, Begin, FirstNight
from tests.flow.night import A_PERSON, DAY, EARLY, FIRST, Night
from tests.flow.vendors import ERP, SANDBOX, Vendors

pytestmark = pytest.mark.flow

UNDO = "undo 1"
TABLES = {"customers": "customers", "contacts": "Contact"}
EDITS = {
    "shopify": ("customers", {"note": "called", "defaultPhoneNumber.phoneNumber": "+493055509876"}),
    "salesforce": ("contacts", {"Phone": "+493055509876"}),
}
PHONE = "+493055509876"
PLANNED = "select record_key from ops.changes where plan_id = %s and state = 'planned'"
CREATED = """
select record_key from ops.changes join ops.plans using (plan_id)
where system = %s and action = 'create' and changes.state = 'confirmed' and purpose = 'write_back'
"""


def edit(vendors: Vendors, system: str, key: str) -> None:
    """Somebody at the vendor changes a record that the plan is about."""
    resource, values = EDITS[system]
    vendors.control(system, "edit", {"resource": TABLES[resource], "id": key, "set": values})


def one_update(night: Night, system: str, resource: str) -> str:
    found = night.rows(
        "select record_key from ops.changes join ops.plans using (plan_id) "
        "where system = %s and resource = %s and action = 'update' order by sequence limit 1",
        system,
        resource,
    )
    return str(found[0][0])


def states(night: Night, plan_id: str) -> dict[str, str]:
    rows = night.rows("select coalesce(record_key, entity_id), state from ops.changes where plan_id = %s", plan_id)
    return {str(key): str(state) for key, state in rows}


@pytest.mark.parametrize("system", SANDBOX)
def test_an_edit_between_plan_and_apply_is_kept(begin: Begin, vendors: Vendors, system: str) -> None:
    night = begin(RECONCILED)
    plan_id = night.plan(system, FIRST).plan_id
    key = one_update(night, system, EDITS[system][0])
    edit(vendors, system, key)
    before = record(vendors, system, key)
    night.carry_out(system, plan_id)
    found = states(night, plan_id)
    assert len(found) > 5
    assert found.pop(key) == "conflicted"
    assert set(found.values()) == {"confirmed"}
    assert record(vendors, system, key) == before
    assert PHONE in json.dumps(before)


def record(vendors: Vendors, system: str, key: str) -> Any:
    return vendors.control(system, f"records/{TABLES[EDITS[system][0]]}/one?id={key}")


def test_an_edit_at_the_erp_between_plan_and_apply_is_kept(begin: Begin, vendors: Vendors) -> None:
    night = begin(RECONCILED)
    plan_id = night.plan(ERP, FIRST).plan_id
    ((key, code, kind),) = night.rows(
        "select record_key, party_code, mechanism_type from ops.changes "
        "join validated.tryton__contact_mechanisms as mechanism on mechanism._key = record_key "
        "join validated.tryton__parties as party on party._key = party_source_id "
        "where plan_id = %s and resource = 'contact_mechanisms' and action = 'update' order by sequence limit 1",
        plan_id,
    )
    value = "colleague@example.org" if kind == "email" else PHONE
    tryton.edit(vendors.erp, "email" if kind == "email" else "phone", code, value)
    night.carry_out(ERP, plan_id)
    found = states(night, plan_id)
    assert found.pop(key) == "conflicted"
    assert set(found.values()) == {"confirmed"}
    held = {row[2] for row in vendors.contents(ERP)["contact_mechanisms"] if row[0] == code}
    assert value in held


@pytest.mark.parametrize("system", SANDBOX)
def test_an_undo_brings_back_what_nobody_changed_since(
    begin: Begin, vendors: Vendors, first_night: FirstNight, as_of: datetime, system: str
) -> None:
    night = begin(ENDED)
    resource = EDITS[system][0]
    key = one_update(night, system, resource)
    edit(vendors, system, key)
    edited = record(vendors, system, key)
    undone = first_night.outcomes[system].plan_id
    undo = night.undo(system, undone, UNDO)
    night.carry_out(system, undo.plan_id)
    assert record(vendors, system, key) == edited
    assert differing_records(vendors, first_night, system) == created(night, system) | {key}
    assert len(states(night, undo.plan_id)) > 5
    night.read(system, resource, as_of + DAY)
    again = night.undo(system, undone, "undo 2")
    assert night.rows(PLANNED, again.plan_id) == []


def created(night: Night, system: str) -> set[str]:
    return {str(row[0]) for row in night.rows(CREATED, system)}


def differing_records(vendors: Vendors, first_night: FirstNight, system: str) -> set[str]:
    """The keys of the records that are not what they were before the first night."""
    before, now = first_night.loaded[system], vendors.contents(system)
    assert len(before) == len(now) >= 3
    return {
        str(each.get("id") or each.get("Id")) for table, records in now.items() for each in records
        if each not in before[table]
    }  # fmt: skip


def test_a_corrected_record_is_let_in(begin: Begin, vendors: Vendors, as_of: datetime) -> None:
    night = begin(RECONCILED)
    (letter,) = open_dead_letters(night)
    assert replay(night, night.settings.expectations, letter) == ReplayCounts(1, 0, 1, 0)
    ((key,),) = night.rows("select record_key from ops.dead_letters where dead_letter_id = %s", letter)
    vendors.control("shopify", "edit", {"resource": "product_variants", "id": key, "set": {"price": "12.50"}})
    night.read("shopify", "products", as_of + DAY)
    assert open_dead_letters(night) == []
    assert replay(night, night.settings.expectations, letter) == ReplayCounts(0, 0, 0, 0)
    assert night.rows("select price::text from validated.shopify__products where _key = %s", key) == [("12.50",)]


def test_a_corrected_expectation_lets_dead_letters_in(begin: Begin, tmp_path: Path) -> None:
    night = begin(RECONCILED)
    (letter,) = open_dead_letters(night)
    suites = tmp_path / "suites"
    shutil.copytree(night.settings.expectations, suites)
    loosen(suites / "shopify" / "products.json", column="price")
    assert replay(night, suites, letter) == ReplayCounts(1, 1, 0, 0)
    found = night.rows(
        "select price < 0 from validated.shopify__products join ops.dead_letters on record_key = _key "
        "where dead_letter_id = %s and state = 'resolved'",
        letter,
    )
    assert found == [(True,)]


def open_dead_letters(night: Night) -> list[str]:
    system = night.systems["shopify"]
    with night.database.transaction(PLANNER) as connection:
        return list_open_ids(connection, system, system.resource("products"))


def loosen(file: Path, *, column: str) -> None:
    """Take out what is said about one column."""
    suite = json.loads(file.read_text())
    kept = [item for item in suite["expectations"] if item["kwargs"].get("column") != column]
    assert 0 < len(kept) < len(suite["expectations"])
    file.write_text(json.dumps({**suite, "expectations": kept}))


def replay(night: Night, suites: Path, letter: str) -> ReplayCounts:
    system = night.systems["shopify"]
    letters = DeadLetters(system, system.resource("products"), (letter,))
    return replay_kept_payloads(night.database, letters, suites=suites)


def test_a_renamed_field_refuses_its_resource_and_no_other(
    begin: Begin, vendors: Vendors, as_of: datetime
) -> None:
    night = begin(RECONCILED)
    before = night.rows("select * from validated.shopify__customers order by 1")
    rename = {"kind": "schema", "action": "rename", "field": "firstName", "to": "givenName"}
    vendors.control("shopify", "faults", {"match": {"operation": "^customers$"}, "fault": rename, "times": None})
    with pytest.raises(ExpectationsFailedError, match="first_name"):
        night.read("shopify", "customers", as_of)
    others = ("products", "inventory_levels", "orders", "fulfillment_orders")
    assert all(night.read("shopify", name, as_of).validated > 30 for name in others)
    assert len(before) > 50
    assert night.rows("select * from validated.shopify__customers order by 1") == before
    reasons = writable_systems(night.database, night.systems.values(), as_of + EARLY)
    assert "customers was refused" in str(reasons["shopify"])
    assert (reasons["salesforce"], reasons["tryton"]) == (None, None)


def test_a_plan_that_a_person_must_see_waits(begin: Begin, vendors: Vendors, first_night: FirstNight) -> None:
    night = begin(RECONCILED)
    summary = night.plan(ERP, FIRST)
    assert summary.needs_approval, "the first night creates more than the policy lets pass"
    with pytest.raises(ConfigurationError, match="approve it first"):
        night.apply(ERP, summary.plan_id)
    assert vendors.contents(ERP) == first_night.loaded[ERP]
    approve(night.database, summary.plan_id, A_PERSON)
    assert night.apply(ERP, summary.plan_id).confirmed == summary.planned
