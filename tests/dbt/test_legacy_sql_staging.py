"""The old shop's database is read, validated and staged: names in mixed case, numbers as numbers."""

from datetime import UTC, datetime

import pytest

from concord.contract import Window
from concord.installed import PRODUCT
from concord.local.postgres import Postgres
from concord.protocols.session.client import HttpSession
from concord.protocols.sql.link import DatabaseLogin
from concord.registry import system
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from sandbox.vendors.legacy_sql.database import create, fill
from sandbox.vendors.legacy_sql.world import ABSENT, STALE_PHONES, STRANGER, WRONG_NAMES, customer_number
from sandbox.world import World, generate
from sandbox.world.customers import make_customers
from tests.dbt.conftest import Reconciliation

YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
SYSTEM = system("legacy_sql")
SYSTEMS = "legacy_sql"


@pytest.fixture(scope="module")
def small() -> World:
    return generate(7, as_of=datetime(2026, 11, 20, tzinfo=UTC), customers=120, products=40, orders=120)


@pytest.fixture(scope="module")
def counts(reconciliation: Reconciliation, small: World, postgres: Postgres) -> dict[str, BatchCounts]:
    """A night's reading of the old shop, from its tables to the staging views."""
    legacy = create(postgres.url("postgres"), name="staged_shop", password="let me in")
    fill(legacy, small)
    database = reconciliation.database
    connection = Connection("legacy_sql_default", legacy.url, legacy.login, legacy.password, legacy.extra)
    session = HttpSession(connection, DatabaseLogin())
    read: dict[str, BatchCounts] = {}
    for resource in SYSTEM.resources:
        batch = extract_window(database, session, system=SYSTEM, resource=resource, window=YEAR)
        suites = PRODUCT / "expectations"
        read[resource.name] = validate_batch(
            database, system=SYSTEM, resource=resource, batch_id=batch, suites=suites
        )
    session.close()
    reconciliation.build("concord.staging.legacy_sql", "legacy_sql")
    return read


def test_every_row_passes(counts: dict[str, BatchCounts], small: World) -> None:
    assert {name: found.quarantined for name, found in counts.items()} == dict.fromkeys(counts, 0)
    assert counts["customers"].validated == len(list(small.records("legacy_sql", "customers"))) > 100
    assert counts["inbox"].validated == len(list(small.records("legacy_sql", "inbox"))) > 20


def test_staged_customers_are_who_they_are(
    counts: dict[str, BatchCounts], reconciliation: Reconciliation, small: World
) -> None:
    rows = reconciliation.rows(
        "select customer_source_id, lower(customer_name), phone, email, country_code, is_company, "
        "created_date is not null from staging.stg_legacy_sql__customers"
    )
    staged = {str(row[0]): row[1:] for row in rows}
    known = [item for item in make_customers(small.settings) if item.slot not in ABSENT]
    assert set(staged) == {customer_number(item.index) for item in known}
    for customer in known:
        name, phone, email, *others = staged[customer_number(customer.index)]
        assert name == customer.name.upper().lower() or customer.slot in WRONG_NAMES
        assert phone in (None, customer.phone) or customer.slot in STALE_PHONES
        assert email in (None, customer.email.lower())
        assert others == [customer.country_code, customer.company_name is not None, True]
    assert sum(row[1] is None for row in staged.values()) < sum(row[2] is None for row in staged.values()) < 60


def test_deleted_accounts_are_left_out(counts: dict[str, BatchCounts], reconciliation: Reconciliation) -> None:
    deleted = int(
        str(reconciliation.value("select count(*) from validated.legacy_sql__customers where _is_deleted"))
    )
    staged = reconciliation.value("select count(*) from staging.stg_legacy_sql__customers")
    assert deleted >= 1
    assert len(STRANGER) >= deleted
    assert staged == counts["customers"].validated - deleted


def test_messages_say_what_became_of_them(counts: dict[str, BatchCounts], reconciliation: Reconciliation) -> None:
    rows = reconciliation.rows(
        "select message_status, count(*), count(error_code) from staging.stg_legacy_sql__inbox "
        "group by message_status order by message_status"
    )
    assert [row[0] for row in rows] == ["processed", "refused"]
    assert [row[1] == row[2] for row in rows] == [False, True]
