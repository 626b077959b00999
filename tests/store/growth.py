"""A night over many records, step by step, and what each step costs PostgreSQL.

The steps call the stages as the tasks of a night do, at the vendor Shopfront. Each of them joins rows that were
written a moment ago and that no autovacuum has seen.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.servers import cpu_of_servers
from concord.contract import ChangedBetween, System
from concord.stages.reconcile.identify import identify
from concord.stages.reconcile.phone_numbers import READ_BY, read_phone_numbers
from concord.stages.write_back.approve import POLICY, approve
from concord.store.engine import PLANNER, TRANSFORMER
from concord.store.leases import hold_lease
from concord.store.ledger.changes import Selection, load_changes, mark_sent
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare
from tests.store.shopfront_vendor import Vendor

AT_ONCE = 1_000  # changes in a call
LOST = 40  # one of so many changes was marked
TOO_LONG = "x" * 70
# Blocks and rows that PostgreSQL looked at, by connections that have ended.
_TOUCHED = """
select blks_hit + blks_read + tup_returned + tup_fetched from pg_stat_database where datname = current_database()
"""
# Great Expectations keeps a connection.
_END_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
_MODELS = """
create table intermediate.int_customers__records as
select phone as phone_as_written, 'DE' as country_code from validated.shopfront__accounts;
create table intermediate.int_customers__unioned as
select system, _key as record_key from validated.shopfront__accounts
cross join (values ('left'), ('right')) as known (system);
create table intermediate.int_customers__linked as
select 'left' as left_system, _key as left_key, 'right' as right_system, _key as right_key, 'email' as match_rule,
    0.9 as match_confidence
from validated.shopfront__accounts;
create table intermediate.int_products__unioned as table intermediate.int_customers__unioned with no data;
create table intermediate.int_products__linked as table intermediate.int_customers__linked with no data;
analyze intermediate.int_customers__records, intermediate.int_customers__unioned,
    intermediate.int_customers__linked;
"""
_KNOWN_PHONES = """
insert into ops.phone_numbers (spelling, country_code, reason, read_by)
select phone, 'DE', 'a test', %s from validated.shopfront__accounts
"""
_WANTED = """
insert into marts.desired_shopfront__accounts (_entity_id, _key, _reason, phone, credit_amount)
select 'E-' || _key, _key, 'the owner says so', phone || %(night)s, credit_amount + %(night)s::integer
from validated.shopfront__accounts where not _is_deleted
"""
_MADE = """
insert into marts.desired_shopfront__accounts (_entity_id, _reason, account_name, concord_id)
select entity_id, 'the owner says so', 'New ' || number, entity_id
from generate_series(1, %(made)s) as number
cross join lateral (select concat_ws('-', 'N', %(night)s::text, number)) as made (entity_id)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step cost PostgreSQL: blocks and rows that it touched, and CPU seconds of its processes."""

    touched: int
    cpu: float


def declare_listed() -> System:
    """Shopfront, of which all keys are listed with each window."""
    declared = declare(size=AT_ONCE)
    accounts = replace(declared.resources[0], changes=ChangedBetween("updated_at", vanish_limit=0.9))
    return replace(declared, resources=(accounts, *declared.resources[1:]))


class Growth(RoundTrip):
    """Two nights over `count` accounts, of which some are set aside, some vanish, and some are created."""

    def __init__(self, url: str, vendor: Vendor, folder: Path, *, count: int) -> None:
        super().__init__(url, vendor, folder, declare_listed())
        self.count = count
        self.plan_id = ""
        for number in range(count):
            name = TOO_LONG if number % 20 == 0 else f"Name {number}"
            credit = "much" if number % 20 == 1 else "10.00"
            vendor.put("accounts", f"A-{number:06d}", {"name": name, "phone": f"+49 {number}", "credit": credit})

    def measure(self) -> dict[str, Cost]:
        """Run the steps one after the other, and say what each cost."""
        steps: dict[str, Callable[[], object]] = {
            "read": self.ingest,
            "read again": self.read_again,
            "identify": self.identify,
            "plan": lambda: self.plan_night("1"),
            "apply": self.apply_after_kill,
            "verify": lambda: self.verify(self.plan_id),
            "undo": self.take_back,
            "plan again": lambda: self.plan_night("2"),
        }
        return {name: self._measure(step) for name, step in steps.items()}

    def read_again(self) -> None:
        """Read a second day, on which each tenth record is gone."""
        listed = self.vendor.records["accounts"]
        for key in list(listed)[::10]:
            del listed[key]
        self.ingest(day=2)

    def identify(self) -> None:
        """Give golden ids to two linked records of each account, and look for phone numbers that were not read."""
        with self.database.transaction(TRANSFORMER) as connection:
            connection.execute(_MODELS)
        with self.database.transaction(PLANNER) as connection:
            connection.execute(_KNOWN_PHONES, (READ_BY,))
        identify(self.database, run_id="night 1")
        read_phone_numbers(self.database)

    def plan_night(self, night: str) -> None:
        """Plan a change of each account that is held, and a new one for each fourth."""
        self.forget_wishes()
        with self.database.transaction(TRANSFORMER) as connection:
            connection.execute(_WANTED, {"night": night})
            connection.execute(_MADE, {"night": night, "made": self.count // 4})
            connection.execute("analyze marts.desired_shopfront__accounts")
        self.plan_id = self.plan(f"night {night}").plan_id
        approve(self.database, self.plan_id, POLICY)

    def apply_after_kill(self) -> None:
        """Apply the plan after a worker that was killed when it had marked some of its changes as sent."""
        selection = Selection(self.plan_id, self.system.resources[0], "planned")
        with (
            hold_lease(self.database, "apply:shopfront", "a worker") as lease,
            self.database.transaction(PLANNER) as connection,
        ):
            changes = load_changes(connection, selection, limit=self.count // LOST)
            mark_sent(connection, lease, [item.change.change_id for item in changes])
        self.apply(self.plan_id)

    def take_back(self) -> None:
        """Plan what takes the plan back."""
        self.plan_id = self.undo(self.plan_id).plan_id
        approve(self.database, self.plan_id, "a person")

    def _measure(self, step: Callable[[], object]) -> Cost:
        before, cpu = self._touched(), cpu_of_servers()
        step()
        return Cost(self._touched() - before, cpu_of_servers() - cpu)

    def _touched(self) -> int:
        """The counter once every connection has ended, for each adds its part at its end."""
        while self.rows(_END_OTHERS):
            time.sleep(0.01)
        return int(str(self.rows(_TOUCHED)[0][0]))
