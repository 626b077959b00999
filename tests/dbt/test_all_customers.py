"""The customers of every system at once: the ERP, CRM and shop as rows, the others read from running servers."""

from collections import Counter, defaultdict

import pytest

from concord.settings import REPOSITORY, Settings
from concord.stages.extract import extract_window
from concord.stages.validate import validate_batch
from concord.store.engine import Database
from sandbox.world import World
from tests.dbt.conftest import Reconciliation
from tests.dbt.desired import ALL_COLUMNS, OTHER_COLUMNS, Wanted, comply, wanted_changes
from tests.dbt.world_rows import load_world, prepare_tables
from tests.systems.bench import Bench
from tests.systems.benches import facts_of
from tests.systems.test_reading import WHOLE

READ = {
    "hubspot": ("contacts", "companies"),
    "netsuite": ("customers",),
    "sap": ("business_partners", "addresses"),
    "stripe": ("customers",),
    "legacy_sql": ("customers",),
}
XREF = """
    select xref.customer_id, xref.system, coalesce(parties.party_code, xref.record_key)
    from marts.customer_xref as xref
    left join validated.tryton__parties as parties
        on xref.system = 'tryton' and xref.record_key = parties._key
"""


def read(database: Database, bench: Bench, name: str) -> None:
    """One resource, from the running server into its validated table."""
    system = bench.system
    resource = system.resource(name)
    batch = extract_window(database, bench.session(), system=system, resource=resource, window=WHOLE)
    suites = REPOSITORY / "expectations"
    counts = validate_batch(database, system=system, resource=resource, batch_id=batch, suites=suites)
    assert counts.validated > 100, name


@pytest.fixture(scope="module")
def everyone(module_database: str, world: World, tmp_path_factory: pytest.TempPathFactory) -> Reconciliation:
    """All systems, reconciled once."""
    database = Database(module_database)
    prepare_tables(database)
    load_world(database, world)
    for name, resources in READ.items():
        with facts_of(name).open(world, tmp_path_factory.mktemp(name)) as bench:
            for resource in resources:
                read(database, bench, resource)
    home = tmp_path_factory.mktemp("home")
    found = Reconciliation(database, Settings(warehouse_url=module_database, home=home, reports=home))
    found.run("first")
    return found


@pytest.fixture(scope="module")
def first_night(everyone: Reconciliation) -> list[Wanted]:
    """What would be written to the systems behind the owners."""
    return wanted_changes(everyone, OTHER_COLUMNS)


@pytest.fixture(scope="module")
def clusters(everyone: Reconciliation) -> dict[str, list[tuple[str, str]]]:
    found = defaultdict(list)
    for golden_id, system, key in everyone.rows(XREF):
        found[str(golden_id)].append((str(system), str(key)))
    return found


@pytest.fixture(scope="module")
def owners(clusters: dict[str, list[tuple[str, str]]], world: World) -> dict[str, str]:
    """Whose each golden record is."""
    members = world.truth.members()
    return {
        golden_id: Counter(members[member] for member in cluster).most_common(1)[0][0]
        for golden_id, cluster in clusters.items()
    }


def test_everybody_is_found_in_every_system(clusters: dict[str, list[tuple[str, str]]], world: World) -> None:
    found = {member for cluster in clusters.values() for member in cluster}
    refused = {item["record"] for item in world.truth.quarantine}
    systems = {"shopify", "salesforce", "tryton", *READ}
    live = {member for member in world.truth.members() if member[0] in systems}
    missing = {member for member in live - found if not any(item.endswith(f"/{member[1]}") for item in refused)}
    assert missing == set()
    precision, recall = world.truth.pairwise(clusters.values())
    assert precision == 1
    assert recall >= 0.97


def is_wrong(item: Wanted, world: World, owners: dict[str, str]) -> bool:
    """Whether a field would get a value that is not the customer's."""
    value = f"+{item.after}" if item.column == "phone_digits" else item.after
    return not world.truth.is_right(owners[item.golden_id], item.fact, value)


def test_nothing_wrong_would_be_written_anywhere(
    first_night: list[Wanted], world: World, owners: dict[str, str]
) -> None:
    changed = Counter(item.table for item in first_night)
    assert [item for item in first_night if not item.fact or is_wrong(item, world, owners)] == []
    assert changed.keys() == {"netsuite__customers", "stripe__customers", "legacy_sql__customers"}


def spoil(everyone: Reconciliation, table: str, column: str, where: str) -> str:
    """Somebody overwrites a field of the first record of its kind; returns the record's key."""
    statement = (
        "update validated.{0} set {1} = 'Mistaken' where _key = "
        "(select min(_key) from validated.{0} where not _is_deleted and {2}) returning _key"
    )
    return str(everyone.value(statement.format(table, column, where)))


def test_only_what_somebody_overwrote_is_put_right_the_next_night(
    everyone: Reconciliation, first_night: list[Wanted], world: World, owners: dict[str, str]
) -> None:
    assert first_night
    comply(everyone, ALL_COLUMNS)
    spoilt = {
        ((table, column), spoil(everyone, table, column, where))
        for table, column, where in (
            ("sap__business_partners", "organization_name_1", "partner_category = '2' and not is_archived"),
            ("sap__business_partners", "last_name", "partner_category = '1' and not is_archived"),
            ("sap__addresses", "street_name", "house_number <> ''"),
            ("sap__addresses", "city", "true"),
            ("netsuite__customers", "company_name", "not is_person"),
            ("netsuite__customers", "last_name", "is_person"),
            ("stripe__customers", "customer_name", "true"),
            ("legacy_sql__customers", "street", "true"),
        )
    }
    everyone.run("second")
    wanted = wanted_changes(everyone, OTHER_COLUMNS)
    assert {((item.table, item.column), item.key) for item in wanted} == spoilt
    assert [item for item in wanted if item.fact and is_wrong(item, world, owners)] == []
