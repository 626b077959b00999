"""A large world: the sandbox's world of ten thousand customers, and copies of it that are other people.

Generating a customer takes five milliseconds; PostgreSQL copies it in a tenth of one. A copy keeps names, streets,
amounts and times. Its keys, e-mails, phones, post codes, order names and parcels are its own, written as the first
ones are, so that the copies agree and differ where the first world does. Products are not copied.
"""

from datetime import datetime

from psycopg import sql

from concord.store.engine import Database
from sandbox.world import generate
from tests.dbt.world_rows import load_world

ORIGINALS, ORDERS_EACH, COPIES_MOST = 10_000, 5, 99
_SEED = 7
# How the key of a system's record becomes that of its copy with the number {copy}.
_KEYS = {
    "shopify": "{column} || lpad({copy}::text, 2, '0')",
    "salesforce": "overlay({column} placing lpad({copy}::text, 3, '0') from 6 for 3)",
    "tryton": "({column}::bigint + {copy} * 10000000)::text",
}
_ENDS_IN_NUMBER = "{column} || lpad({copy}::text, 2, '0')"
_EMAIL = "replace({column}, '@', '.' || {copy} || '@')"
# The last four characters of a phone number are digits in every notation.
_PHONE = "left({column}, -4) || lpad(((right({column}, 4)::integer + {copy} * 101) %% 10000)::text, 4, '0')"
_NESTED = (
    "regexp_replace({column}::text, "
    '\'(gid://shopify/[A-Za-z]+/[0-9]+|#[0-9]+|"number": "[0-9]+)\', '
    "'\\1' || lpad({copy}::text, 2, '0'), 'g')::jsonb"
)
_VALUES = {
    "email": _EMAIL,
    "phone": _PHONE,
    "mechanism_value": f"case when mechanism_type = 'email' then {_EMAIL} else {_PHONE} end",
    "postal_code": _ENDS_IN_NUMBER,
    "order_name": _ENDS_IN_NUMBER,
    "shop_order_name": _ENDS_IN_NUMBER,
    "reference": _ENDS_IN_NUMBER,
    "order_number": _ENDS_IN_NUMBER,
    "sale_number": _ENDS_IN_NUMBER,
    "account_number": _ENDS_IN_NUMBER,
    "party_code": _ENDS_IN_NUMBER,
    "tracking_number": _ENDS_IN_NUMBER,
}
_COPIED = {
    "shopify": ("customers", "orders", "fulfillment_orders"),
    "salesforce": ("accounts", "contacts", "orders"),
    "tryton": ("parties", "addresses", "contact_mechanisms", "sales"),
}
_NESTED_IN = {"shopify__orders"}
_COLUMNS = """
select attname, atttypid::regtype::text from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""


def load_customers(database: Database, customers: int, *, as_of: datetime) -> None:
    """Fill the validated tables of Shopify, Salesforce and Tryton; ValueError for a number that is no multiple."""
    first = min(customers, ORIGINALS)
    copies, left = divmod(customers, first)
    if left or copies - 1 > COPIES_MOST:
        raise ValueError(f"give at most {ORIGINALS}, or a multiple of it up to {ORIGINALS * (COPIES_MOST + 1)}")
    load_world(database, generate(_SEED, as_of=as_of, customers=first, orders=first * ORDERS_EACH))
    with database.transaction() as connection:
        for system, resources in _COPIED.items():
            for resource in resources:
                table = f"{system}__{resource}"
                columns = connection.execute(_COLUMNS, (f"validated.{table}",)).fetchall()
                if copies > 1:
                    connection.execute(_copy(table, columns, _KEYS[system]), {"copies": copies - 1})
                connection.execute(sql.SQL("analyze validated.{}").format(sql.Identifier(table)))


def _copy(table: str, columns: list[tuple[str, str]], key: str) -> sql.Composed:
    values = [_value(table, name, kind, key) for name, kind in columns]
    return sql.SQL(
        "insert into validated.{table} ({names}) select {values} from validated.{table} as held, "
        "generate_series(1, %(copies)s) as copy"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        values=sql.SQL(", ").join(map(sql.SQL, values)),  # of the constants above
    )


def _value(table: str, name: str, kind: str, key: str) -> str:
    column = f'held."{name}"'
    if name == "_key" or name.endswith("source_id"):
        template = key
    elif kind == "jsonb" and table in _NESTED_IN:
        template = _NESTED
    else:
        template = _VALUES.get(name, "{column}")
    return template.format(column=column, copy="copy")
