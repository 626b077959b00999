"""The orders that should be created in SAP, the ledger and HubSpot, each as one flat record."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.world import World
from sandbox.world.truth import Truth
from tests.dbt.conftest import Reconciliation, Row
from tests.dbt.desired import ORDER_COLUMNS, Wanted, wanted_changes

_BOOKINGS = """
    select 'sap' as system, reference, partner_source_id, reference as name_there, null as stage,
        (select sum((line ->> 'quantity')::numeric * (line ->> 'unit_price')::numeric)
            from jsonb_array_elements(items) as line)
    from marts.desired_sap__sales_orders where _key is null
    union all
    select 'netsuite', order_name, customer_source_id, external_id, null,
        (select sum((line ->> 'quantity')::numeric * (line ->> 'unit_price')::numeric)
            from jsonb_array_elements(lines) as line)
    from marts.desired_netsuite__sales_orders where _key is null
    union all
    select 'hubspot', shop_order_name, erp_customer_code, deal_name, deal_stage, amount
    from marts.desired_hubspot__deals where _key is null
"""
_BREAKS = """
    select system, field, cause from marts.order_discrepancies
    where closed_at is null and system in ('sap', 'netsuite', 'hubspot')
"""
_CUSTOMERS = {
    "sap": ("sap", "business_partners"),
    "netsuite": ("netsuite", "customers"),
    "hubspot": ("tryton", "parties"),
}
_LATER_ERPS = ("sap", "netsuite")
_NAMES = {"sap": "#{}", "netsuite": "WEB-{}", "hubspot": "Order #{}"}


@dataclass(frozen=True, slots=True)
class Booking:
    """One order to be created. A deal names its customer by the ERP's number, if there is one."""

    system: str
    order_name: str
    customer_key: str | None
    name_there: str
    stage: str | None
    total_amount: Decimal

    def is_right(self, truth: Truth, order: Mapping[str, Any]) -> bool:
        """Whether all its values are those of the world's order."""
        owner = truth.entity_of(*_CUSTOMERS[self.system], self.customer_key or "")
        return (
            owner == order["customer"]
            or (self.customer_key is None and order["customer"] in truth.missing_customers["tryton"])
        ) and (self.name_there, self.stage or order["stage"], self.total_amount) == (
            _NAMES[self.system].format(self.order_name.removeprefix("#")),
            order["stage"],
            Decimal(order["total_amount"]),
        )


@dataclass(frozen=True, slots=True)
class Orders:
    """The results of a night for orders: those to be created, the deals to be changed, and the discrepancies."""

    bookings: list[Booking]
    deals: list[Wanted]
    breaks: list[Row]


def lacked_orders(world: World) -> dict[str, list[str]]:
    """The numbers of the orders that each system lacks, without those of customers whom it does not get."""
    truth = world.truth
    owners = {entity["number"]: entity["customer"] for entity in truth.entities.values() if "number" in entity}
    return {
        system: [name for name in names if owners[name] not in _strangers(truth, system)]
        for system, names in truth.unbooked_orders.items()
    }


def _strangers(truth: Truth, system: str) -> frozenset[str]:
    return frozenset(truth.missing_customers.get(system, []) if system in _LATER_ERPS else [])


def read_orders(warehouse: Reconciliation) -> Orders:
    """Read these results from the warehouse."""
    wanted = wanted_changes(warehouse, {"hubspot__deals": ORDER_COLUMNS["hubspot__deals"]})
    return Orders(
        [Booking(*row) for row in warehouse.rows(_BOOKINGS)],  # type: ignore[arg-type]  # the query has the class's order
        [item for item in wanted if item.key is not None],
        warehouse.rows(_BREAKS),
    )
