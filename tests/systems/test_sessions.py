"""A session opened for a stage shares the rate limit of its system, and its calls are recorded."""

import threading
import time
from dataclasses import replace

from concord.contract import RateLimit
from concord.stages.sessions import open_session
from concord.store.engine import Database
from concord.store.rate_limits import SharedRateLimit
from concord.testing.bench import Bench, read_all


def test_a_session_books_its_calls_under_purpose_and_reference(shopify: Bench, database: str) -> None:
    store = Database(database)
    resource = shopify.system.resource("products")
    with open_session(
        shopify.system, shopify.connection, store, purpose="extract", reference="products"
    ) as session:
        assert len(read_all(session, resource)) == 40
    with store.transaction() as connection:
        rows = connection.execute(
            "select system, resource, purpose, reference_id, calls, retries, bytes_received > 1000 "
            "from ops.api_calls"
        ).fetchall()
    assert rows == [("shopify", "products", "extract", "products", session.statistics.calls, 0, True)]


def test_all_workers_together_keep_the_pace_of_their_system(shopify: Bench, database: str) -> None:
    paced = replace(shopify.system, rate_limit=RateLimit(per_second=50, burst=5))
    workers = [SharedRateLimit(Database(database), paced) for _ in range(3)]
    begun = time.monotonic()

    def take_ten(budget: SharedRateLimit) -> None:
        for _ in range(10):
            budget.wait_for_rate_limit()
        budget.close()

    threads = [threading.Thread(target=take_ten, args=(budget,)) for budget in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 25 / 50 <= time.monotonic() - begun < 5


def test_a_slow_limit_is_kept_by_workers_that_wait_longer_than_half_a_minute(
    shopify: Bench, database: str
) -> None:
    slow = replace(shopify.system, rate_limit=RateLimit(per_second=0.1))
    slept: list[float] = []
    workers = [SharedRateLimit(Database(database), slow, slept.append) for _ in range(6)]
    waited = [worker.wait_for_rate_limit() for worker in workers]
    for worker in workers:
        worker.close()
    assert slept == waited[1:]
    assert [round(seconds, -1) for seconds in waited] == [0, 10, 20, 30, 40, 50]


def test_a_clock_that_was_set_back_holds_nobody_for_hours(shopify: Bench, database: str) -> None:
    with Database(database).transaction() as connection:
        connection.execute(
            "insert into ops.budgets (system, next_free_at) values ('shopify', now() + interval '3 hours')"
        )
    budget = SharedRateLimit(Database(database), shopify.system, lambda _: None)
    assert budget.wait_for_rate_limit() == 30
    budget.close()


def test_a_lost_database_connection_is_opened_again(shopify: Bench, database: str) -> None:
    budget = SharedRateLimit(Database(database), shopify.system)
    budget.wait_for_rate_limit()
    with Database(database).transaction() as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    assert budget.wait_for_rate_limit() >= 0
    budget.close()
