"""The sandbox's world as rows of the validated tables, as reading it in a night would leave them.

The records that validation must quarantine are left out and become dead letters, as they would.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from concord.registry import declared_systems
from concord.store.engine import Database
from concord.store.tables import create_tables
from sandbox.world import World
from tests.conftest import IN_USE

Row = Mapping[str, Any]
_COVERED = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
values (%s, %s, %s, 'window', tstzrange(null, null), 'covered')
"""
_READ = """
insert into ops.batches (batch_id, system, resource, purpose, state) values (%s, %s, %s, 'read_back', 'covered')
"""
STAMP = "2026-11-01T00:00:00Z"


def prepare_tables(database: Database) -> None:
    """Create the validated tables of all systems, without rows."""
    for declared in declared_systems():
        for resource in declared.resources:
            create_tables(database, declared, resource)


def load_world(database: Database, world: World) -> None:
    """Fill the validated tables; each resource gets one window that covers all time."""
    planted = [item["record"] for item in world.truth.quarantine]
    refused = {record for record in planted if record.split("/")[0] in IN_USE.split(",")}
    with psycopg.connect(database.url) as connection:
        for table, rows in world_tables(world).items():
            insert_rows(
                connection, table, (row for row in rows if f"{_truth_name(table)}/{row['_key']}" not in refused)
            )
            connection.execute(_COVERED, (table, *table.split("__")))
        for record in sorted(refused):
            system, resource, key = record.split("/", 2)
            connection.execute(
                "insert into ops.dead_letters (dead_letter_id, stage, system, resource, record_key, error_class, "
                "message) values (%s, 'validate', %s, %s, %s, 'ExpectationsFailedError', 'planted')",
                (record, system, resource.replace("product_variants", "products"), key),
            )


def insert_rows(connection: psycopg.Connection[Any], table: str, rows: Iterable[Row]) -> None:
    """Insert rows into one table, as a batch; all rows must have the columns of the first one."""
    rows = list(rows)
    if not rows:
        return
    names = [*rows[0]]
    batch = str(uuid.uuid4())
    system, _, resource = table.partition("__")
    statement = sql.SQL("copy {} ({}, _batch_id, _payload_hash) from stdin").format(
        sql.Identifier("validated", table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor:
        cursor.execute(_READ, (batch, system, resource))
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([*(row[name] for name in names), batch, "h"])


def _truth_name(table: str) -> str:
    return table.replace("__", "/").replace("shopify/products", "shopify/product_variants")


def world_tables(world: World) -> dict[str, Iterable[Row]]:
    """The rows by table; the ERP's keys are numbers, as in the real system."""
    shop, crm = world.shopify, world.salesforce
    products = [*world.records("tryton", "products")]
    numbers = {product["code"]: number for number, product in enumerate(products, 1)}
    parties = [*enumerate(world.records("tryton", "parties"), 1)]
    return {
        "shopify__customers": map(_shop_customer, shop["customers"]),
        "shopify__products": map(_shop_product, shop["product_variants"]),
        "shopify__inventory_levels": map(_shop_level, shop["inventory_items"]),
        "shopify__orders": map(_shop_order, shop["orders"]),
        "shopify__fulfillment_orders": _fulfillment_orders(world),
        "salesforce__accounts": map(_account, crm["accounts"]),
        "salesforce__contacts": map(_contact, crm["contacts"]),
        "salesforce__orders": map(_crm_order, crm["orders"]),
        "tryton__parties": (_party(number, party) for number, party in parties),
        "tryton__addresses": _addresses(parties),
        "tryton__contact_mechanisms": _mechanisms(parties),
        "tryton__products": (_product(number, product) for number, product in enumerate(products, 1)),
        "tryton__stock_levels": (_stock(number, product) for number, product in enumerate(products, 1)),
        "tryton__sales": _sales(world, {party["code"]: number for number, party in parties}, numbers),
    }


def _keyed(key: object, **values: object) -> Row:
    return {"_key": str(key), "source_id": str(key), **values}


def _shop_customer(node: Row) -> Row:
    address, email, phone = (
        node[name] or {} for name in ("defaultAddress", "defaultEmailAddress", "defaultPhoneNumber")
    )
    return _keyed(
        node["id"],
        first_name=node["firstName"],
        last_name=node["lastName"],
        email=email.get("emailAddress"),
        phone=phone.get("phoneNumber"),
        company_name=address.get("company"),
        street=address.get("address1"),
        city=address.get("city"),
        postal_code=address.get("zip"),
        country_code=address.get("countryCodeV2"),
        created_at=node["createdAt"],
        updated_at=node["updatedAt"],
    )


def _shop_product(node: Row) -> Row:
    return _keyed(
        node["id"],
        sku=node["sku"],
        price=Decimal(node["price"]),
        product_name=node["product"]["title"],
        product_source_id=node["product"]["id"],
        product_status=node["product"]["status"],
        inventory_item_source_id=node["inventoryItem"]["id"],
        updated_at=node["updatedAt"],
    )


def _shop_level(node: Row) -> Row:
    level = node["inventoryLevel"]
    return _keyed(
        node["id"],
        sku=node["sku"],
        location_source_id=level["location"]["id"],
        available_quantity=level["quantities"][0]["quantity"],
    )


def _shop_order(node: Row) -> Row:
    return _keyed(
        node["id"],
        order_name=node["name"],
        customer_source_id=node["customer"]["id"],
        total_amount=Decimal(node["totalPriceSet"]["shopMoney"]["amount"]),
        currency_code=node["currencyCode"],
        is_test=node["test"],
        lines=Jsonb({"nodes": node["lineItems"], "pageInfo": {"hasNextPage": False}}),
        refunds=Jsonb(node["refunds"]),
        fulfillments=Jsonb(
            [
                {**parcel, "fulfillmentLineItems": {"nodes": parcel["fulfillmentLineItems"]}}
                for parcel in node["fulfillments"]
            ]
        ),
        created_at=node["createdAt"],
        cancelled_at=node["cancelledAt"],
        updated_at=node["updatedAt"],
    )


def _fulfillment_orders(world: World) -> Iterator[Row]:
    """The fulfillment orders with the parcel of their order; in this world an order is shipped in one parcel."""
    for order, node in zip(world.shopify["orders"], world.shopify["fulfillment_orders"], strict=True):
        parcel = next(iter(order["fulfillments"]), None)
        number = parcel["trackingInfo"][0] if parcel else {}
        yield _keyed(
            node["id"],
            order_source_id=node["orderId"],
            order_name=node["orderName"],
            fulfillment_order_status=node["status"],
            fulfillment_source_id=parcel and parcel["id"],
            carrier_name=number.get("company"),
            tracking_number=number.get("number"),
            delivery_status=parcel and parcel["displayStatus"],
            updated_at=node["updatedAt"],
        )


def _account(record: Row) -> Row:
    return _keyed(
        record["Id"],
        account_name=record["Name"],
        account_type=record["Type"],
        account_number=record["AccountNumber"],
        street=record["BillingStreet"],
        city=record["BillingCity"],
        postal_code=record["BillingPostalCode"],
        country_name=record["BillingCountry"],
        concord_id=record["Concord_Id__c"],
        master_source_id=record["MasterRecordId"],
        is_deleted=record["IsDeleted"],
        _is_deleted=record["IsDeleted"],
        updated_at=record["SystemModstamp"],
    )


def _contact(record: Row) -> Row:
    return _keyed(
        record["Id"],
        account_source_id=record["AccountId"],
        first_name=record["FirstName"],
        last_name=record["LastName"],
        email=record["Email"],
        phone=record["Phone"],
        concord_id=record["Concord_Id__c"],
        is_deleted=record["IsDeleted"],
        _is_deleted=record["IsDeleted"],
        updated_at=record["SystemModstamp"],
    )


def _crm_order(record: Row) -> Row:
    return _keyed(
        record["Id"],
        order_number=record["OrderNumber"],
        shop_order_name=record["Shop_Order__c"],
        account_source_id=record["AccountId"],
        order_status=record["Status"],
        total_amount=Decimal(str(record["TotalAmount"])),
        currency_code=record["CurrencyIsoCode"],
        effective_date=record["EffectiveDate"],
        delivery_status=record["Delivery_Status__c"],
        updated_at=record["SystemModstamp"],
    )


def _party(number: int, party: Row) -> Row:
    return _keyed(
        number, party_name=party["name"], party_code=party["code"], is_active=party["active"], changed_at=STAMP
    )


def _addresses(parties: Iterable[tuple[int, Row]]) -> Iterator[Row]:
    for number, party in parties:
        for address in party["addresses"]:
            yield _keyed(number, party_source_id=str(number), is_active=True, changed_at=STAMP, **address)


def _mechanisms(parties: Iterable[tuple[int, Row]]) -> Iterator[Row]:
    for number, party in parties:
        for place, mechanism in enumerate(party["contact_mechanisms"]):
            yield _keyed(
                number * 10 + place,
                party_source_id=str(number),
                mechanism_type=mechanism["type"],
                mechanism_value=mechanism["value"],
                is_active=True,
                changed_at=STAMP,
            )


def _product(number: int, product: Row) -> Row:
    return _keyed(
        number,
        sku=product["code"],
        product_name=product["name"],
        list_price=Decimal(product["list_price"]),
        unit_source_id="1",
        is_active=True,
        changed_at=STAMP,
    )


def _stock(number: int, product: Row) -> Row:
    return _keyed(number, sku=product["code"], on_hand_quantity=product["stock"])


def _sales(world: World, parties: Mapping[str, int], products: Mapping[str, int]) -> Iterator[Row]:
    for number, sale in enumerate(world.records("tryton", "sales"), 1):
        party = str(parties[sale["party_code"]])
        yield _keyed(
            number,
            sale_number=str(number),
            reference=sale["reference"],
            party_source_id=party,
            invoice_address_source_id=party,
            shipment_address_source_id=party,
            sale_state=sale["state"],
            currency_code=sale["currency"],
            total_amount=Decimal(sale["total_amount"]),
            sale_date=sale["sale_date"],
            lines=Jsonb(
                [{"product": products[line["sku"]], "quantity": line["quantity"]} for line in sale["lines"]]
            ),
            changed_at=STAMP,
        )
