"""What changes between two nights at the payment provider, the carrier, the second ERP and the wholesale host."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from tests.dbt.night_changes import Changes

DELETED = (
    "stripe__customers",
    "shopify__orders",
    "sap__business_partners",
    "sap__sales_orders",
    "sap__products",
    "fedex__tracking",
    "ibm_i__orders",
    "ibm_i__customers",
    "salesforce__wholesale_orders",
)
SET_ASIDE = (
    "stripe__charges",
    "stripe__refunds",
    "stripe__payouts",
    "stripe__balance_transactions",
    "shopify__orders",
    "sap__addresses",
    "fedex__tracking",
    "ibm_i__orders",
    "salesforce__wholesale_orders",
)

_MOVE = """
with given as (
    select _key, {column} as list from validated.{table}
    where jsonb_array_length({column}) > 0 and not _is_deleted order by md5(_key || %s::text) limit 1
)
update validated.{table} as held
set {column} = case when held._key = given._key then '[]' else given.list end
from given where held._key in (given._key, %s)
"""


class VendorChanges(Changes):
    """Changes of one database, all drawn from one seed."""

    def __init__(self, connection: psycopg.Connection[Any], seed: int) -> None:
        super().__init__(connection, seed)
        self.kinds = {
            **self.kinds,
            **{f"deleted of {table}": partial(self._set, table, _is_deleted=True) for table in DELETED},
            **{f"set aside of {table}": partial(self._set_aside, table) for table in SET_ASIDE},
            **self._payments(),
            **self._parcels(),
            **self._second_erp(),
            **self._wholesale(),
        }

    def _payments(self) -> Mapping[str, Callable[[], None]]:
        transactions, payouts = "stripe__balance_transactions", "stripe__payouts"
        charges, refunds = "stripe__charges", "stripe__refunds"
        return {
            "transaction of another payout": lambda: self._set(
                transactions, payout_source_id=self._random.choice([self._any(payouts, "_key"), None])
            ),
            "transaction of another amount": lambda: self._set(transactions, minor_net_amount=self._draw(9_999)),
            "new transaction": lambda: self._copy(transactions),
            "payout of another amount": lambda: self._set(payouts, minor_amount=self._draw(99_999)),
            "payout that failed": lambda: self._set(payouts, payout_status="failed"),
            "charge of another order": lambda: self._set(
                charges, order_name=self._any("shopify__orders", "order_name")
            ),
            "charge of another customer": lambda: self._set(
                charges, customer_source_id=self._any("stripe__customers", "_key")
            ),
            "charge of another amount": lambda: self._set(charges, minor_captured_amount=self._draw(9_999)),
            "charge without an order": lambda: self._set(charges, order_name=None),
            "new refund": lambda: self._copy(refunds),
            "refund without an order": lambda: self._set(refunds, order_name=None),
            "refund of another of the shop": lambda: self._set(
                refunds, shop_refund_source_id=self._any(refunds, "shop_refund_source_id")
            ),
            "refund of another order": lambda: self._move("shopify__orders", "refunds"),
        }

    def _parcels(self) -> Mapping[str, Callable[[], None]]:
        orders, tracking = "shopify__orders", "fedex__tracking"
        return {
            "status of a parcel": lambda: self._set(tracking, status_code=self._random.choice(["DL", "IT", "DE"])),
            "parcel under another number": lambda: self._rename(tracking, f"77{self._draw(10**9)}"),
            "parcel of another order": lambda: self._move(orders, "fulfillments"),
            "order without a parcel": lambda: self._set(orders, fulfillments="[]"),
            "number in the shop": lambda: self._set(
                "shopify__fulfillment_orders", tracking_number=self._any(tracking, "_key")
            ),
            "parcels by reference": lambda: self._set(
                "fedex__references", parcels=self._any("fedex__references", "parcels")
            ),
            "other reference": lambda: self._rename("fedex__references", self._unshipped_order()),
        }

    def _second_erp(self) -> Mapping[str, Callable[[], None]]:
        partners, orders, prices = "sap__business_partners", "sap__sales_orders", "sap__prices"
        return {
            "partner is called": lambda: self._set(partners, organization_name_1=f"Firma {self._draw(9)}"),
            "code of a partner": lambda: self._set(partners, external_party_code=f"K-{self._draw(5)}"),
            "address of another partner": lambda: self._set(
                "sap__addresses", partner_source_id=self._padded(partners)
            ),
            "sale of another partner": lambda: self._set(orders, partner_source_id=self._padded(partners)),
            "reference of a sale": lambda: self._set(
                orders, reference=self._random.choice([self._order_name(), "per phone", None])
            ),
            "state of a sale": lambda: self._set(orders, process_status=self._random.choice(["A", "B", "C"])),
            "price of a product": lambda: self._set(prices, rate_amount=self._draw(99)),
            "price until": lambda: self._set(prices, valid_to_date=f"2026-11-{20 + self._draw(9)}"),
            "price of another product": lambda: self._set(prices, product_source_id=self._padded("sap__products")),
            "unit of a product": lambda: self._set("sap__products", base_unit=self._random.choice(["PC", "EA"])),
            "product of SAP is given up": lambda: self._set("sap__products", is_marked_for_deletion=True),
        }

    def _wholesale(self) -> Mapping[str, Callable[[], None]]:
        orders, companies, in_crm = "ibm_i__orders", "ibm_i__customers", "salesforce__wholesale_orders"
        return {
            "order of another company": lambda: self._set(orders, customer_number=self._any(companies, "_key")),
            "amount of an order": lambda: self._set(orders, total_amount=self._draw(999)),
            "order is cancelled": lambda: self._set(orders, order_status="C"),
            "amount in the CRM": lambda: self._set(in_crm, wholesale_amount=self._draw(999)),
            "order in the CRM": lambda: self._set(in_crm, order_number=self._any(orders, "_key")),
            "account number": lambda: self._set(
                "salesforce__accounts", account_number=f"K-{self._padded(companies)}"
            ),
            "answer to an order": lambda: self._set("ibm_i__acknowledgements", acknowledgement_status="RJ"),
        }

    def _padded(self, table: str) -> str:
        """The key of a record, with zeros before it."""
        return f"000{self._any(table, '_key')}"

    def _unshipped_order(self) -> str:
        """The name of an order that the carrier was not asked for."""
        query = (
            "select order_name from validated.shopify__orders "
            "where order_name not in (select _key from validated.fedex__references) order by 1"
        )
        return str(self._random.choice(self._connection.execute(query).fetchall())[0])

    def _rename(self, table: str, key: str) -> None:
        """Give a record another key."""
        statement = sql.SQL("delete from validated.{} where _key = %s").format(sql.Identifier(table))
        self._connection.execute(statement, (self._copy(table, key),))

    def _move(self, table: str, column: str) -> None:
        """Give one record the list of another one, which then has none."""
        statement = sql.SQL(_MOVE).format(table=sql.Identifier(table), column=sql.Identifier(column))
        self._connection.execute(statement, (self._draw(999_999), self._any(table, "_key")))
