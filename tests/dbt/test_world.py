"""The models' results for the default world are compared with the world's truth."""

from collections import Counter, defaultdict

import pytest

from sandbox.world import World
from tests.dbt.conftest import Reconciliation
from tests.dbt.desired import wanted_changes

XREF = """
    select xref.customer_id, xref.system, coalesce(parties.party_code, xref.record_key)
    from marts.customer_xref as xref
    left join validated.tryton__parties as parties
        on xref.system = 'tryton' and xref.record_key = parties._key
"""
PRODUCTS = """
    select xref.product_id, products.sku from marts.product_xref as xref
    inner join marts.products on products.product_id = xref.product_id
"""
CREATED = "select _entity_id from marts.desired_{} where _key is null"


@pytest.fixture(scope="module")
def owners(night: Reconciliation, world: World) -> dict[str, str]:
    """The world's customer, product or order of each golden record, by golden id."""
    members = world.truth.members()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for golden_id, system, key in night.rows(XREF):
        counts[str(golden_id)][members[str(system), str(key)]] += 1
    found = {golden_id: count.most_common(1)[0][0] for golden_id, count in counts.items()}
    entities = world.truth.entities
    skus = {entity["sku"]: world_id for world_id, entity in entities.items() if "sku" in entity}
    found |= {str(golden_id): skus[str(sku)] for golden_id, sku in night.rows(PRODUCTS)}
    numbers = {
        entity["number"]: world_id for world_id, entity in world.truth.entities.items() if "number" in entity
    }
    return found | numbers


def created(night: Reconciliation, table: str) -> set[str]:
    return {str(entity_id) for (entity_id,) in night.rows(CREATED.format(table))}


def test_who_is_who_is_found_without_a_wrong_pair(night: Reconciliation, world: World) -> None:
    clusters = defaultdict(list)
    for golden_id, system, key in night.rows(XREF):
        clusters[golden_id].append((str(system), str(key)))
    precision, recall = world.truth.pairwise(clusters.values())
    assert precision == 1
    assert recall >= 0.97


def test_the_pairs_a_person_must_see_are_shown(night: Reconciliation, world: World) -> None:
    shown = {f"salesforce/accounts/{key}" for (key,) in night.rows("select left_key from marts.identity_reviews")}
    assert shown
    assert shown == {item["record"] for item in world.truth.review}


def test_nothing_wrong_would_be_written(night: Reconciliation, world: World, owners: dict[str, str]) -> None:
    wanted = [item for item in wanted_changes(night) if item.fact]
    wrong = [item for item in wanted if not world.truth.is_right(owners[item.golden_id], item.fact, item.after)]
    assert len(wanted) > 500
    assert wrong == []


def test_exactly_what_is_missing_would_be_created(
    night: Reconciliation, world: World, owners: dict[str, str]
) -> None:
    truth = world.truth
    accounts = {owners[golden_id] for golden_id in created(night, "salesforce__accounts")}
    parties = {owners[golden_id] for golden_id in created(night, "tryton__parties")}
    sales = created(night, "tryton__sales")
    assert sales == set(truth.missing_orders)
    assert accounts == set(truth.missing_customers["salesforce"])
    assert parties
    assert parties <= set(truth.missing_customers["tryton"])
