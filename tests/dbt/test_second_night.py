"""The second night, after the first night's changes were written and nothing else changed."""

from collections import Counter

from sandbox.world import World
from sandbox.world.commerce import break_of
from sandbox.world.orders import make_orders
from tests.dbt.conftest import Reconciliation
from tests.dbt.desired import comply, wanted_changes

SINCE = "select discrepancy_id, since_at from marts.reconciliation_discrepancies"
OPEN = "select cause from marts.reconciliation_discrepancies where entity <> 'shipment'"
# An order's customer can be compared when the customer's record is no longer set aside.
UNREADABLE = """
select bool_and(entity = 'order' and field = 'customer' and system_value in (
    select record_key from ops.dead_letters where system = 'shopify' and resource = 'customers'
))
from marts.reconciliation_discrepancies where cause = 'unreadable'
"""
SHIPMENTS = "select golden_id, cause from marts.reconciliation_discrepancies where entity = 'shipment'"
CAUSES = {"shipment_missing": "missing_record", "shipment_short": "amount", "shipment_untold": "missing_record"}


def test_once_the_systems_comply_nothing_is_left_to_do(night: Reconciliation, world: World) -> None:
    assert wanted_changes(night)
    first_seen = {row[0]: row[1] for row in night.rows(SINCE)}
    comply(night)
    night.run("second")
    assert wanted_changes(night) == []
    causes = Counter(cause for (cause,) in night.rows(OPEN))
    assert set(causes) == {"duplicate", "in_review", "quarantined", "unreadable"}
    assert night.value(UNREADABLE) is True
    planted = {(order.number, break_of(world.settings, order)) for order in make_orders(world.settings)}
    wanted = {(number, CAUSES[name]) for number, name in planted if name in CAUSES}
    assert wanted
    assert set(night.rows(SHIPMENTS)) == wanted
    still_open = night.rows(SINCE)
    assert all(first_seen[discrepancy] == since_at for discrepancy, since_at in still_open)
    closed = night.value("select count(*) from marts.discrepancies where closed_at is not null")
    assert closed == len(first_seen) - len(still_open)
    agreed = night.value("select sum(agreed) / sum(compared) from marts.reconciliation_agreement")
    assert float(str(agreed)) >= 0.995
