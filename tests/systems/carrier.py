"""FedEx with a warehouse that holds the shop's orders and the ERP's sales, for tests of what only FedEx does."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from concord import registry
from concord.contract import Resource, Window
from concord.installed import PRODUCT
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import Bench
from concord.testing.open_benches import AS_OF, FindBench
from concord.testing.sandbox_desk import SandboxDesk
from sandbox.world import World

FEDEX = registry.system("fedex")
TRACKING, REFERENCES = FEDEX.resource("tracking"), FEDEX.resource("references")
Row = tuple[Any, ...]


class Night:
    """A warehouse with the shop's orders and the ERP's sales, into which FedEx's resources are read."""

    def __init__(self, database: Database, bench: Bench) -> None:
        self.database, self.bench, self.session = database, bench, bench.session()
        for system in (registry.system("shopify"), registry.system("tryton"), FEDEX):
            for resource in system.resources:
                create_tables(database, system, resource)

    def sell(
        self,
        name: str,
        *parcels: tuple[str, datetime],
        status: str = "SUCCESS",
        ordered_at: datetime | None = None,
    ) -> None:
        """Insert an order of the shop that was shipped in these parcels: tracking number and shipping time."""
        fulfillments = [
            {
                "status": status,
                "createdAt": at.isoformat(),
                "trackingInfo": [{"company": "FedEx", "number": number}],
            }
            for number, at in parcels
        ]
        with psycopg.connect(self.database.url) as connection:
            connection.execute(
                "insert into validated.shopify__orders (_key, source_id, order_name, created_at, fulfillments, "
                "_batch_id, _payload_hash) values (%(name)s, %(name)s, %(name)s, %(at)s, %(parcels)s, 'b', 'h')",
                {"name": name, "at": ordered_at, "parcels": Jsonb(fulfillments)},
            )

    def finish(self, name: str, *, state: str = "done", at: datetime = AS_OF - timedelta(days=5)) -> None:
        """Insert an order without parcels, and its sale in the ERP in this state."""
        self.sell(name, ordered_at=at)
        with psycopg.connect(self.database.url) as connection:
            connection.execute(
                "insert into validated.tryton__sales (_key, source_id, reference, sale_state, _batch_id, "
                "_payload_hash) values (%(name)s, %(name)s, %(name)s, %(state)s, 'b', 'h')",
                {"name": name, "state": state},
            )

    def run(self, end: datetime = AS_OF, resource: Resource = TRACKING) -> BatchCounts:
        window = Window(end - timedelta(days=1), end)
        batch = extract_window(self.database, self.session, system=FEDEX, resource=resource, window=window)
        suites = PRODUCT / "expectations"
        return validate_batch(self.database, system=FEDEX, resource=resource, batch_id=batch, suites=suites)

    def rows(self, query: str) -> list[Row]:
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(sql.SQL(query)).fetchall()


@pytest.fixture
def carrier(bench: FindBench) -> Bench:
    return bench("fedex")


@pytest.fixture
def night(database: str, carrier: Bench) -> Night:
    return Night(Database(database), carrier)


@pytest.fixture
def desk(carrier: Bench) -> SandboxDesk:
    assert isinstance(carrier.desk, SandboxDesk)
    return carrier.desk


@pytest.fixture
def parcels(world: World) -> list[tuple[str, datetime, str]]:
    """The tracking number, shipping time and status code of each parcel of the world."""
    results = [record["result"] for record in world.records("fedex", "tracking")]
    return [
        (
            item["trackingNumberInfo"]["trackingNumber"],
            datetime.fromisoformat(next(d["dateTime"] for d in item["dateAndTimes"] if d["type"] == "SHIP")),
            item["latestStatusDetail"]["code"],
        )
        for item in results
    ]
