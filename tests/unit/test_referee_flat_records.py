"""The systems that own no field are compared with the truth after a night, field by field."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.referee.flat_other_records import FLAT_OTHERS
from sandbox.referee.verdict import Verdict
from sandbox.referee.written_records import judge_written_records
from sandbox.vendors.klaviyo.world import profile_id
from sandbox.vendors.legacy_sql.world import WRONG_NAMES, customer_number, write_lines
from sandbox.world import World, generate
from sandbox.world.consent import SUBSCRIBED, UNSUBSCRIBED, consent_of
from sandbox.world.customers import make_customers

After = dict[str, dict[str, list[Any]]]


@pytest.fixture(scope="module")
def world() -> World:
    return generate(7, as_of=datetime(2026, 11, 20, tzinfo=UTC), customers=500, products=20, orders=20)


@pytest.fixture
def after(world: World) -> After:
    """What the systems hold after a night that wrote nothing."""
    found: After = {}
    for system, resource in FLAT_OTHERS:
        found.setdefault(system, {})[resource] = [deepcopy(record) for record in world.records(system, resource)]
    return found


def consents(world: World, at_marketing: str, truly: str) -> Iterator[str]:
    """The profiles of those who said one thing and are known to have said another."""
    for customer in make_customers(world.settings):
        said = consent_of(world.settings, customer)
        if (said.at_marketing, said.truly) == (at_marketing, truly):
            yield profile_id(customer)


def set_consent(after: After, key: str, consent: str) -> None:
    profile = next(profile for profile in after["klaviyo"]["profiles"] if profile["id"] == key)
    profile["attributes"]["subscriptions"]["email"]["marketing"]["consent"] = consent


def judged(world: World, after: After) -> Verdict:
    return judge_written_records(world, after, [])


def test_a_night_that_wrote_nothing_has_no_writes(world: World, after: After) -> None:
    assert not judged(world, after).writes


def test_right_and_wrong_values_are_told_apart_in_every_system(world: World, after: After) -> None:
    right = {entry.world_id: entry for entry in make_customers(world.settings)}
    netsuite = after["netsuite"]["customers"][7]
    netsuite["email"] = "nobody@example.org"
    street = after["sap"]["A_BusinessPartnerAddress"][0]
    owner = right[str(world.truth.entity_of("sap", "business_partners", street["BusinessPartner"]))]
    street["StreetName"], street["HouseNumber"] = owner.street.upper(), ""
    after["stripe"]["customers"][0]["name"] = "Somebody Else"
    after["hubspot"]["companies"][0]["properties"]["name"] = "Another Firm"
    after["legacy_sql"]["customers"][0]["loypts"] = 99_999
    after["klaviyo"]["profiles"].append({**after["klaviyo"]["profiles"][0], "id": "unasked"})
    verdict = judged(world, after)
    assert {line.partition(":")[0] for line in verdict.wrong} == {
        "netsuite",
        "stripe",
        "hubspot",
        "klaviyo",
        "legacy_sql",
    }
    assert len(verdict.wrong) == 5


def message(number: int, key: str, first_line: str, second_line: str) -> dict[str, str]:
    payload = json.dumps({"name_line_1": first_line, "name_line_2": second_line})
    return {"msg_id": f"M-{number}", "entity": "CUSTOMER", "entkey": key, "payload": payload}


def test_the_old_programs_may_be_told_a_wrong_name_once_and_nothing_else(world: World, after: After) -> None:
    customers = {customer.slot: customer for customer in make_customers(world.settings)}
    wrong, other = (customers[slot] for slot in WRONG_NAMES[:2])
    right = customers[WRONG_NAMES.start - 1]
    inbox = after["legacy_sql"]["inbox"]
    inbox.append(message(1, customer_number(wrong.index), *write_lines(wrong)))
    assert (judged(world, after).wrong, judged(world, after).writes) == ([], {"legacy_sql": 1})
    inbox.append(message(2, customer_number(wrong.index), *write_lines(wrong)))
    inbox.append(message(3, customer_number(other.index), "SOMEBODY", "ELSE"))
    inbox.append(message(4, customer_number(right.index), *write_lines(right)))
    inbox.append({**message(5, customer_number(other.index), "", ""), "payload": "hello"})
    assert len(judged(world, after).wrong) == 4


def test_consent_may_be_taken_back_where_it_was_and_never_be_given(world: World, after: After) -> None:
    set_consent(after, next(consents(world, SUBSCRIBED, UNSUBSCRIBED)), "UNSUBSCRIBED")
    assert judged(world, after).wrong == []
    set_consent(after, next(consents(world, SUBSCRIBED, SUBSCRIBED)), "UNSUBSCRIBED")
    set_consent(after, next(consents(world, UNSUBSCRIBED, UNSUBSCRIBED)), "SUBSCRIBED")
    assert len(judged(world, after).wrong) == 2
