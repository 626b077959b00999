"""The wholesale department's files are read, validated and staged: numbers, lines, times and spellings."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Window
from concord.installed import PRODUCT
from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from sandbox.vendors.ibm_i.host import Host
from sandbox.world import World, generate
from tests.dbt.conftest import Reconciliation

YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
SYSTEM = system("ibm_i")
ZONE = ZoneInfo("America/Chicago")
SYSTEMS = "ibm_i"


@pytest.fixture(scope="module")
def small() -> World:
    return generate(7, as_of=datetime(2026, 11, 20, tzinfo=UTC), customers=120, products=40, orders=120)


@pytest.fixture(scope="module")
def counts(
    reconciliation: Reconciliation, small: World, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, BatchCounts]:
    """A night's reading of the host's folders, from its files to the staging views."""
    folder: Path = tmp_path_factory.mktemp("ibm_i")
    Host(folder, ZONE).fill(small.of("ibm_i"))
    connection = Connection("ibm_i_default", f"file://{folder}", extra={"time_zone": str(ZONE)})
    session, database = HttpSession(connection, FileLogin()), reconciliation.database
    read: dict[str, BatchCounts] = {}
    for resource in SYSTEM.resources:
        batch = extract_window(database, session, system=SYSTEM, resource=resource, window=YEAR)
        suites = PRODUCT / "expectations"
        read[resource.name] = validate_batch(
            database, system=SYSTEM, resource=resource, batch_id=batch, suites=suites
        )
    reconciliation.build("concord.staging.ibm_i", "ibm_i")
    return read


def test_every_record_passes(counts: dict[str, BatchCounts], small: World) -> None:
    expected = {name: sum(1 for _ in records) for name, records in small.of("ibm_i").items()}
    assert {name: found.validated for name, found in counts.items()} == expected
    assert {found.quarantined for found in counts.values()} == {0}


def test_orders_say_what_was_sold(
    counts: dict[str, BatchCounts], reconciliation: Reconciliation, small: World
) -> None:
    assert counts["orders"].validated > 20
    told = [item for item in small.records("ibm_i", "orders") if not item["is_deleted"]]
    rows = reconciliation.rows(
        "select order_number, total_amount::text, ordered_at, line_count from staging.stg_ibm_i__orders order by 1"
    )
    assert rows == [
        (
            str(item["order_number"]),
            item["total_amount"],
            datetime.fromisoformat(item["ordered_at"]),
            len(item["lines"]),
        )
        for item in told
    ]
    assert len(told) < counts["orders"].validated


def test_the_customers_of_orders_are_known(counts: dict[str, BatchCounts], reconciliation: Reconciliation) -> None:
    assert counts["customers"].validated > 20
    lost = (
        "select count(*) from staging.stg_ibm_i__orders left join staging.stg_ibm_i__customers as c "
        "using (customer_number) where c.company_name is null"
    )
    assert reconciliation.value(lost) == 0


def test_answers_and_requests_are_staged(counts: dict[str, BatchCounts], reconciliation: Reconciliation) -> None:
    answered = (
        "select count(*) from staging.stg_ibm_i__acknowledgements "
        "join validated.ibm_i__orders using (order_number) "
        "where (acknowledgement_status = 'AC') = (crm_order_number is not null)"
    )
    assert reconciliation.value(answered) == counts["acknowledgements"].validated
    requests = "select count(*) from staging.stg_ibm_i__order_requests where total_amount > 0 and line_count > 0"
    assert reconciliation.value(requests) == counts["order_requests"].validated
