"""A night that works on what was touched leaves the warehouse as a night that builds everything would."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from concord.errors import BatchError
from concord.registry import systems
from concord.stages.reconcile.build import BuiltCounts, build
from sandbox.world import generate
from tests.dbt.conftest import AS_OF, Reconciliation
from tests.dbt.covered import cover_all
from tests.dbt.night_changes import Changes
from tests.dbt.world_rows import load_world

STAMPS = {"since_at", "closed_at"}
KEPT = ("int_customers__links", "int_orders__links", "int_fields__remembered", "int_agreement__patterns")
TABLES = """
select n.nspname, c.relname, array_agg(a.attname::text order by a.attnum)
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and (n.nspname = 'marts' or c.relname = any(%s)) or c.oid = 'ops.identities'::regclass
group by 1, 2 order by 1, 2
"""
Rows = dict[str, set[tuple[object, ...]]]


@pytest.fixture(scope="module")
def business(reconciliation: Reconciliation) -> Reconciliation:
    """A business whose systems were all read, reconciled once, with its report."""
    load_world(reconciliation.database, generate(11, as_of=AS_OF, customers=300, products=60, orders=1500))
    with reconciliation.environment():
        cover_all(reconciliation.database, systems())
    reconciliation.run("first")
    reconciliation.report("first")
    return reconciliation


@pytest.fixture
def changes(business: Reconciliation) -> Iterator[Changes]:
    with psycopg.connect(business.database.url) as connection:
        yield Changes(connection, seed=3)


def run(business: Reconciliation, name: str, *, is_full: bool = False) -> BuiltCounts:
    with business.environment():
        return build(business.settings, business.database, systems(), run_id=name, is_full=is_full)


def fail_after_identification(business: Reconciliation) -> None:
    """A night that breaks off when the records have their golden ids, and nothing is made of them yet."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("concord.stages.reconcile.build.run_dbt", break_off)
        with pytest.raises(BatchError, match="broke off"):
            run(business, "broken")


def break_off(*_: object, **__: object) -> int:
    raise BatchError("The night broke off.")


def tables(business: Reconciliation) -> Rows:
    """All rows that nights keep, but the times at which discrepancies were seen."""
    found: Rows = {}
    with psycopg.connect(business.database.url) as connection:
        for schema, table, columns in connection.execute(TABLES, (list(KEPT),)).fetchall():
            shown = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns if name not in STAMPS]
            query = sql.SQL("select {} from {}{}").format(
                sql.SQL(", ").join(shown),
                sql.Identifier(schema, table),
                sql.SQL(" where closed_at is null" if "closed_at" in columns else ""),
            )
            found[table] = {*connection.execute(query).fetchall()}
    return found


def differing(one: Rows, other: Rows) -> dict[str, tuple[list[tuple[object, ...]], ...]]:
    return {
        name: (sorted(one[name] - other[name], key=str)[:3], sorted(other[name] - one[name], key=str)[:3])
        for name in one
        if one[name] != other[name]
    }


def test_a_night_in_which_nothing_changed_builds_nothing(business: Reconciliation) -> None:
    before = tables(business)
    night, report = run(business, "unchanged"), business.report("unchanged")
    assert (night.nodes, report.nodes) == (0, 0)
    assert night.compared == report.compared > 10_000
    assert tables(business) == before


def test_an_order_that_time_alone_has_changed_is_worked_on(business: Reconciliation) -> None:
    with psycopg.connect(business.database.url) as connection:
        connection.execute("update ops.scopes set begun_at = '2026-11-22'")
    young = business.value("select count(*) from intermediate.int_orders__links where settled_at > '2026-11-22'")
    night = run(business, "later")
    assert int(str(young)) <= (night.worked_on or 0) < 1_000
    assert int(str(young)) > 0
    assert run(business, "after that").worked_on == 0


def test_random_nights_leave_what_building_everything_would(
    business: Reconciliation, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concord.stages.reconcile.scope._MOST", 2.0)
    made: list[str] = []
    worked_on = []
    for number in range(5):
        made += changes.make(8)
        if number == 3:
            fail_after_identification(business)
        worked_on.append(run(business, f"night {number}").identities["records"])
    run(business, "settled")
    before = tables(business)
    full = run(business, "full", is_full=True)
    business.report("full")
    assert 0 < min(worked_on) < max(worked_on) < full.identities["records"]
    assert not differing(before, tables(business)), made
