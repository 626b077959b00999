"""Golden ids: which records share one, and that nothing else changes an id."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from concord.stages.reconcile.identify import IdentityCounts, identify
from concord.store.engine import TRANSFORMER, Database

Link = tuple[str, str]


@pytest.fixture
def warehouse(database: str) -> Database:
    """A warehouse in which dbt built the empty models that identity reads."""
    warehouse = Database(database)
    with warehouse.transaction(TRANSFORMER) as connection:
        for models in ("int_customers", "int_products"):
            connection.execute(
                f"create table intermediate.{models}__unioned (system text, record_key text);"
                f"create table intermediate.{models}__linked (left_system text, left_key text, right_system text, "
                "right_key text, match_rule text, match_confidence numeric)"
            )
    return warehouse


def set_links(warehouse: Database, records: Iterable[str], links: Iterable[Link], *, rule: str = "email") -> None:
    """What dbt would build: records and links as `system:key`."""
    with warehouse.transaction(TRANSFORMER) as connection:
        connection.execute("truncate intermediate.int_customers__unioned, intermediate.int_customers__linked")
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into intermediate.int_customers__unioned values (%s, %s)",
                [tuple(record.split(":")) for record in records],
            )
            cursor.executemany(
                "insert into intermediate.int_customers__linked values (%s, %s, %s, %s, %s, 0.9)",
                [(*left.split(":"), *right.split(":"), rule) for left, right in links],
            )


def golden(warehouse: Database) -> dict[str, str]:
    """Every known record's golden id."""
    with warehouse.transaction() as connection:
        rows = connection.execute("select system || ':' || record_key, golden_id from ops.identities").fetchall()
    return {str(record): str(golden_id) for record, golden_id in rows}


def events(warehouse: Database) -> list[tuple[object, ...]]:
    with warehouse.transaction() as connection:
        return connection.execute(
            "select event, from_golden_id, to_golden_id from ops.identity_events order by happened_at, 2, 3"
        ).fetchall()


def stored(warehouse: Database) -> list[tuple[object, ...]]:
    with warehouse.transaction() as connection:
        return connection.execute("select * from ops.identities order by 1, 2, 3").fetchall()


def test_linked_records_share_a_golden_id_and_others_do_not(warehouse: Database) -> None:
    set_links(warehouse, ["a:1", "b:1", "c:1", "c:2"], [("a:1", "b:1"), ("c:1", "b:1")])
    counts = identify(warehouse, run_id="r1")
    ids = golden(warehouse)
    assert ids["a:1"] == ids["b:1"] == ids["c:1"] != ids["c:2"]
    assert all(value.startswith("CUS-") and len(value) == 20 for value in ids.values())
    assert counts == IdentityCounts(records=4, golden_records=2, first_seen=4, merged=0, split=0)


def test_a_record_says_how_it_was_matched(warehouse: Database) -> None:
    set_links(warehouse, ["a:1", "b:1", "c:1"], [("a:1", "b:1")])
    identify(warehouse, run_id="r1")
    rules = {str(row[1]) + ":" + str(row[2]): (str(row[4]), float(str(row[5]))) for row in stored(warehouse)}
    assert rules == {"a:1": ("email", 0.9), "b:1": ("email", 0.9), "c:1": ("only", 1.0)}


def test_the_same_links_again_change_no_byte(warehouse: Database) -> None:
    set_links(warehouse, ["a:1", "b:1", "c:1"], [("a:1", "b:1")])
    identify(warehouse, run_id="r1")
    before = stored(warehouse)
    counts = identify(warehouse, run_id="r2")
    assert stored(warehouse) == before
    assert (counts.first_seen, counts.merged, counts.split) == (0, 0, 0)


def test_a_newcomer_with_a_smaller_key_takes_the_old_id(warehouse: Database) -> None:
    set_links(warehouse, ["b:1"], [])
    identify(warehouse, run_id="r1")
    old = golden(warehouse)["b:1"]
    set_links(warehouse, ["a:1", "b:1"], [("a:1", "b:1")])
    identify(warehouse, run_id="r2")
    assert golden(warehouse) == {"a:1": old, "b:1": old}
    assert events(warehouse) == []


def test_a_merge_keeps_the_id_known_earliest_and_is_recorded(warehouse: Database) -> None:
    set_links(warehouse, ["b:1"], [])
    identify(warehouse, run_id="r1")
    set_links(warehouse, ["a:1", "b:1"], [])
    identify(warehouse, run_id="r2")
    apart = golden(warehouse)
    set_links(warehouse, ["a:1", "b:1"], [("a:1", "b:1")])
    counts = identify(warehouse, run_id="r3")
    assert golden(warehouse) == {"a:1": apart["b:1"], "b:1": apart["b:1"]}
    assert events(warehouse) == [("merged", apart["a:1"], apart["b:1"])]
    assert counts.merged == 1


def test_a_split_leaves_the_id_with_the_earliest_and_is_recorded(warehouse: Database) -> None:
    set_links(warehouse, ["a:1", "b:1"], [("a:1", "b:1")])
    identify(warehouse, run_id="r1")
    shared = golden(warehouse)["a:1"]
    set_links(warehouse, ["a:1", "b:1"], [])
    identify(warehouse, run_id="r2")
    ids = golden(warehouse)
    assert ids["a:1"] == shared != ids["b:1"]
    assert events(warehouse) == [("split", shared, ids["b:1"])]


def test_an_id_in_use_elsewhere_is_never_given_twice(warehouse: Database) -> None:
    """The id made from a:1 stays with b:1 when a:1 moves to c:1; a:1 alone again must get another one."""
    set_links(warehouse, ["c:1"], [])
    identify(warehouse, run_id="r0")
    set_links(warehouse, ["a:1", "b:1", "c:1"], [("a:1", "b:1")])
    identify(warehouse, run_id="r1")
    set_links(warehouse, ["a:1", "b:1", "c:1"], [("a:1", "c:1")])
    identify(warehouse, run_id="r2")
    set_links(warehouse, ["a:1", "b:1", "c:1"], [])
    identify(warehouse, run_id="r3")
    assert len(set(golden(warehouse).values())) == 3


def test_a_vanished_record_keeps_its_identity(warehouse: Database) -> None:
    set_links(warehouse, ["a:1", "b:1"], [("a:1", "b:1")])
    identify(warehouse, run_id="r1")
    before = golden(warehouse)
    set_links(warehouse, ["b:1"], [])
    identify(warehouse, run_id="r2")
    assert golden(warehouse) == before


@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
def test_a_long_chain_is_one_thing(warehouse: Database, order: str) -> None:
    numbers = list(range(300))
    keys = {
        "rising": numbers,
        "falling": numbers[::-1],
        "mixed": [number * 7 % 300 for number in numbers],
    }[order]
    names = [f"a:{key:04d}" for key in keys]
    set_links(warehouse, names, pairwise(names))
    assert identify(warehouse, run_id="r1").golden_records == 1
