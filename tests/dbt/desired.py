"""Compares the desired tables with the validated tables, and writes the desired values into the latter."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.dbt.conftest import Reconciliation

_PLACE = {name: name for name in ("street", "city", "postal_code")}
_CONTACT = ("email", "phone", *_PLACE)
# The columns of the desired tables, with the world's name of each field.
COLUMNS: dict[str, dict[str, str]] = {
    "shopify__customers": {
        "phone": "phone",
        "company_name": "company_name",
        "street": "street",
        "city": "city",
        "postal_code": "postal_code",
        "country_code": "country_code",
    },
    "shopify__products": {"price": "price"},
    "shopify__inventory_levels": {"available_quantity": "stock"},
    "shopify__fulfillment_orders": {name: name for name in ("carrier_name", "tracking_number", "delivery_status")},
    "salesforce__accounts": {
        "account_name": "customer_name",
        "account_type": "",
        "street": "street",
        "city": "city",
        "postal_code": "postal_code",
        "country_name": "country_code",
        "concord_id": "",
    },
    "salesforce__contacts": {
        "account_source_id": "",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "phone": "phone",
        "concord_id": "",
    },
    "salesforce__orders": {"order_status": "status", "delivery_status": "delivery_status"},
    "tryton__parties": {"party_name": "customer_name", "party_code": ""},
    "tryton__addresses": {
        "party_source_id": "",
        "street": "street",
        "city": "city",
        "postal_code": "postal_code",
        "country_code": "country_code",
    },
    "tryton__contact_mechanisms": {"party_source_id": "", "mechanism_type": "", "mechanism_value": "mechanism"},
    "tryton__sales": {
        "reference": "",
        "party_source_id": "",
        "invoice_address_source_id": "",
        "shipment_address_source_id": "",
        "sale_date": "",
    },
}
OTHER_COLUMNS: dict[str, dict[str, str]] = {
    "hubspot__contacts": {
        **{name: name for name in ("first_name", "last_name", *_CONTACT)},
        "country_name": "country_code",
    },
    "hubspot__companies": {"company_name": "company_name", **_PLACE, "country_name": "country_code"},
    "netsuite__customers": {name: name for name in ("company_name", "first_name", "last_name", "email", "phone")},
    "sap__business_partners": {
        "organization_name_1": "",
        "organization_name_2": "",
        "first_name": "first_name",
        "last_name": "last_name",
    },
    "sap__addresses": {
        "street_name": "",
        "house_number": "",
        "city": "city",
        "postal_code": "postal_code",
        "country_code": "country_code",
    },
    "stripe__customers": {name: name for name in ("customer_name", *_CONTACT, "country_code")},
    "klaviyo__profiles": {
        **{name: name for name in ("first_name", "last_name", "company_name", *_CONTACT)},
        "country_name": "country_code",
    },
    "legacy_sql__customers": {"phone_digits": "phone", "email": "email", **_PLACE, "country_code": "country_code"},
}
ORDER_COLUMNS: dict[str, dict[str, str]] = {
    "sap__sales_orders": dict.fromkeys(("reference", "partner_source_id", "currency_code", "order_date"), ""),
    "netsuite__sales_orders": dict.fromkeys(
        ("external_id", "order_name", "customer_source_id", "document_date"), ""
    ),
    "hubspot__deals": {
        **dict.fromkeys(("shop_order_name", "deal_name", "amount", "currency_code", "pipeline_name"), ""),
        **dict.fromkeys(("erp_customer_code", "closed_at"), ""),
        "deal_stage": "stage",
        "is_archived": "is_archived",
    },
}
ALL_COLUMNS = COLUMNS | OTHER_COLUMNS | ORDER_COLUMNS
# The status of a new order, and the column of its desired table that holds its lines.
_BEGINNINGS: dict[str, tuple[str, dict[str, object]]] = {
    "tryton__sales": ("lines", {"sale_state": "processing", "currency_code": "EUR"}),
    "sap__sales_orders": ("items", {"process_status": "A", "items": Jsonb([])}),
    "netsuite__sales_orders": ("lines", {"status_code": "B", "currency_code": "EUR"}),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field whose value should change."""

    table: str
    entity_id: str
    key: str | None
    column: str
    after: object

    @property
    def fact(self) -> str:
        """The world's name of the field; empty if the world does not know the field."""
        name = ALL_COLUMNS[self.table][self.column]
        return self.entity_id.rpartition(":")[2] if name == "mechanism" else name

    @property
    def golden_id(self) -> str:
        return self.entity_id.partition(":")[0]


def wanted_changes(warehouse: Reconciliation, tables: Mapping[str, Mapping[str, str]] = COLUMNS) -> list[Wanted]:
    """All fields of all desired tables that differ from the validated tables."""
    found = []
    for table, columns in tables.items():
        for column in columns:
            query = sql.SQL(
                "select desired._entity_id, desired._key, desired.{column} from marts.{desired} as desired "
                "left join validated.{table} as held on held._key = desired._key "
                "where desired.{column} is not null and desired.{column} is distinct from held.{column} "
                "and not (held._key is not null and held.{column} is null and desired.{column}::text = '') "
                "order by 1"
            ).format(
                column=sql.Identifier(column),
                desired=sql.Identifier(f"desired_{table}"),
                table=sql.Identifier(table),
            )
            with psycopg.connect(warehouse.database.url) as connection:
                found += [
                    Wanted(table, str(entity), None if key is None else str(key), column, after)
                    for entity, key, after in connection.execute(query)
                ]
    return found


def comply(warehouse: Reconciliation, tables: Mapping[str, Mapping[str, str]] = COLUMNS) -> None:
    """Write the desired values into the validated tables; new records get new keys."""
    wanted = wanted_changes(warehouse, tables)
    keys: dict[str, str] = {}
    for number, (table, entity_id) in enumerate(
        sorted({(item.table, item.entity_id) for item in wanted if item.key is None}), 900_000
    ):
        keys[f"@{table.partition('__')[2]}/{entity_id}"] = str(number)
    with psycopg.connect(warehouse.database.url) as connection:
        for table in tables:
            _create(connection, table, [item for item in wanted if item.table == table and item.key is None], keys)
            _update(connection, [item for item in wanted if item.table == table and item.key is not None])


def _update(connection: psycopg.Connection[tuple[object, ...]], items: list[Wanted]) -> None:
    for item in items:
        statement = sql.SQL("update validated.{} set {} = %s where _key = %s")
        names = (sql.Identifier(item.table), sql.Identifier(item.column))
        connection.execute(statement.format(*names), (item.after, item.key))


def _create(
    connection: psycopg.Connection[tuple[object, ...]], table: str, items: list[Wanted], keys: dict[str, str]
) -> None:
    records: dict[str, dict[str, object]] = {}
    for item in items:
        records.setdefault(item.entity_id, {})[item.column] = keys.get(str(item.after), item.after)
    for entity_id, values in records.items():
        key = keys[f"@{table.partition('__')[2]}/{entity_id}"]
        row = {"_key": key, "source_id": key, **values, "_batch_id": "b", "_payload_hash": "h"}
        if table in _BEGINNINGS:
            lines, beginning = _BEGINNINGS[table]
            row |= {**beginning, "total_amount": _total_of(connection, table, lines, entity_id)}
        connection.execute(
            sql.SQL("insert into validated.{} ({}) values ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            ),
            list(row.values()),
        )


def _total_of(
    connection: psycopg.Connection[tuple[object, ...]], table: str, lines: str, order_name: str
) -> object:
    statement = sql.SQL(
        "select sum((line ->> 'quantity')::numeric * (line ->> 'unit_price')::numeric) "
        "from marts.{} cross join jsonb_array_elements({}) as line where _entity_id = %s"
    ).format(sql.Identifier(f"desired_{table}"), sql.Identifier(lines))
    row = connection.execute(statement, (order_name,)).fetchone()
    return None if row is None else row[0]
