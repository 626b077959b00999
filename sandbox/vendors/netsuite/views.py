"""The tables of SuiteQL as views over the stored records; quantities of sales are negative, as in a ledger.

Numbers are made by adding 0: a cast would keep SQLite from looking records up by their keys.
"""


def _of(*paths: str) -> str:
    """Columns named after the last part of a JSON path, in lower case."""
    return ", ".join(f"body ->> '$.{path}' as {path.rpartition('.')[2].lower()}" for path in paths)


def _flag(path: str) -> str:
    return f"case when body ->> '$.{path}' then 'T' else 'F' end as {path.lower()}"


def _time(path: str, name: str = "") -> str:
    return f"local_time(body ->> '$.{path}') as {name or path.lower()}"


def _transaction(table: str, kind: str) -> str:
    return (
        f"select key as id, '{kind}' as type, {_of('tranId', 'externalId', 'otherRefNum', 'memo')}, "
        "body ->> '$.exchangeRate' as exchangerate, "
        "body ->> '$.entity.id' + 0 as entity, body ->> '$.status.id' as status, "
        "body ->> '$.currency.id' + 0 as currency, body ->> '$.total' as foreigntotal, "
        f"body ->> '$.amountRemaining' as foreignamountunpaid, {_time('tranDate')}, {_time('dueDate')}, "
        f"{_time('createdDate')}, {_time('lastModifiedDate')} from {table}"
    )


_ADDRESS = "$.addressBook.items[0].addressBookAddress"
VIEWS = {
    "customer": (
        f"select key as id, {_flag('isPerson')}, {_flag('isInactive')}, "
        f"{_of('entityId', 'externalId', 'accountNumber', 'companyName', 'firstName', 'lastName')}, "
        f"{_of('email', 'phone', 'comments')}, body ->> '$.subsidiary.id' + 0 as subsidiary, "
        f"case when body ->> '{_ADDRESS}' is not null then key * 10 + 1 end as defaultbillingaddress, "
        f"{_time('dateCreated')}, {_time('lastModifiedDate')} from records_customers"
    ),
    "entityaddress": (
        f"select key * 10 + 1 as nkey, body ->> '{_ADDRESS}.addr1' as addr1, body ->> '{_ADDRESS}.city' as city, "
        f"body ->> '{_ADDRESS}.zip' as zip, body ->> '{_ADDRESS}.country.id' as country from records_customers"
    ),
    "item": (
        f"select key as id, {_of('itemId', 'displayName', 'upcCode')}, 'InvtPart' as itemtype, "
        f"{_flag('isInactive')}, {_time('createdDate')}, {_time('lastModifiedDate')} from records_items"
    ),
    "pricing": (
        "select records_items.key as item, listed.value ->> '$.priceLevel.id' + 0 as pricelevel, "
        "listed.value ->> '$.currencyPage.id' + 0 as currency, "
        "listed.value ->> '$.quantity.value' + 0 as quantity, "
        "listed.value ->> '$.price' as unitprice "
        "from records_items, json_each(records_items.body, '$.price.items') as listed"
    ),
    "aggregateitemlocation": (
        "select body ->> '$.item' + 0 as item, body ->> '$.location' + 0 as location, "
        f"{_of('quantityOnHand', 'quantityAvailable', 'quantityCommitted')}, 0 as quantityonorder "
        "from records_inventory_levels"
    ),
    "location": "select 1 as id, 'Warehouse' as name",
    "currency": (
        "select 1 as id, 'Euro' as name, 'EUR' as symbol, 1.0 as exchangerate "
        "union all select 2, 'US Dollar', 'USD', 0.92"
    ),
    "transaction": (
        f"{_transaction('records_sales_orders', 'SalesOrd')} "
        f"union all {_transaction('records_invoices', 'CustInvc')}"
    ),
    "transactionline": (
        'select key as uniquekey, key / 100 as "transaction", '
        "body ->> '$.line' as linesequencenumber, body ->> '$.item.id' + 0 as item, "
        "-(body ->> '$.quantity') as quantity, body ->> '$.rate' as rate, "
        "-(body ->> '$.amount') as foreignamount, -(body ->> '$.amount') as netamount, "
        "'F' as mainline, 'F' as taxline from records_sales_order_lines "
        "union all select key * 100, key, 0, null, null, null, body ->> '$.total', body ->> '$.total', 'T', 'F' "
        "from records_sales_orders"
    ),
}
