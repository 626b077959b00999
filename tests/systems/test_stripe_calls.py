"""Calls to Stripe: the API version, advice on retries, the rate limit, and a customer that is read in two ways."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from concord.contract import Lookup, Window
from concord.errors import ServerError
from concord.installed import PRODUCT
from concord.stages.extract.read_window import extract_matching, extract_window
from concord.stages.sessions import open_session
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.systems.stripe.declaration import API_VERSION
from concord.testing.bench import read_all
from tests.systems.stripe_account import WHOLE, Account, account

__all__ = ["account"]
SUITES = PRODUCT / "expectations"


def test_every_call_pins_the_version_and_another_one_is_noticed(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    session = account.session()
    assert session.fetch("GET", "/v1/payouts").headers["stripe-version"] == API_VERSION
    assert "API version" not in caplog.text
    served = {"match": {"operation": "payouts"}, "fault": {"kind": "version", "served": "2024-04-10"}}
    account.control("faults", served)
    session.fetch("GET", "/v1/payouts")
    assert f"asked={API_VERSION} served=2024-04-10" in caplog.text


@pytest.mark.parametrize(("advice", "retries"), [("false", 0), (None, 1)], ids=["no", "nothing"])
def test_the_vendor_may_say_that_sending_again_is_no_use(
    account: Account, advice: str | None, retries: int
) -> None:
    fault = {"kind": "status", "status": 500, "stripe_should_retry": advice}
    account.control("faults", {"match": {"operation": "payouts"}, "fault": fault})
    session = account.session()
    if advice:
        with pytest.raises(ServerError):
            session.fetch("GET", "/v1/payouts")
    else:
        session.fetch("GET", "/v1/payouts")
    assert session.statistics.retries == retries


def test_whoever_reads_a_customer_last_is_held(account: Account, module_database: str) -> None:
    database, resource = Database(module_database), account.resource("customers")
    create_tables(database, account.bench.system, resource)
    key = [key for key, record in account.read("customers").items() if not record.get("deleted")][-1]
    held = Held(database, account, key)
    held.read_window(WHOLE)
    reads: list[Callable[[], None]] = [held.look_up, held.read_window, held.look_up, held.read_window]
    for number, read in enumerate(reads):
        account.control("edit", {"resource": "customers", "id": key, "set": {"phone": f"+4930123456{number}"}})
        read()
        assert held.says() == (f"+4930123456{number}", False)
    held.read_window(WHOLE)
    assert held.says() == ("+49301234563", False)
    account.bench.desk.delete(resource, key)
    held.read_window()
    assert held.says() == (None, True)


def test_the_pace_keeps_below_the_limit_of_an_endpoint(account: Account, database: str) -> None:
    system, store = account.bench.system, Database(database)
    account.control("limits", {"per_second": 25})
    resource = system.resource("charges")
    with open_session(system, account.bench.connection, store, purpose="extract", reference="charges") as session:
        assert len(read_all(session, resource, size=25)) > 900
    assert (session.statistics.calls > 40, session.statistics.retries) == (True, 0)
    hasty = account.session()
    assert len(read_all(hasty, resource, size=25)) > 900
    assert hasty.statistics.retries > 0


@dataclass
class Held:
    """Reads one customer into the warehouse, by window or by key, and queries the result."""

    database: Database
    account: Account
    key: str
    lookups: int = 0

    def read_window(self, window: Window | None = None) -> None:
        session, system = self.account.session(), self.account.bench.system
        resource = system.resource("customers")
        asked = window or self.account.now()
        batch = extract_window(self.database, session, system=system, resource=resource, window=asked)
        validate_batch(self.database, system=system, resource=resource, batch_id=batch, suites=SUITES)

    def look_up(self) -> None:
        session, system = self.account.session(), self.account.bench.system
        self.lookups += 1
        resource, lookup = system.resource("customers"), Lookup("source_id", [self.key], f"plan-{self.lookups}")
        batch = extract_matching(self.database, session, system=system, resource=resource, lookup=lookup)
        validate_batch(self.database, system=system, resource=resource, batch_id=batch, suites=SUITES)

    def says(self) -> tuple[object, object]:
        with self.database.transaction() as connection:
            row = connection.execute(
                "select phone, _is_deleted from validated.stripe__customers where _key = %s", (self.key,)
            ).fetchone()
        assert row is not None
        return row[0], row[1]
