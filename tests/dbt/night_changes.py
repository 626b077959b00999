"""What people do to the systems between two nights, at random, as the validated tables show it afterwards."""

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from concord.registry import system

PHONES = ("+49 30 1234567", "030 1234567", "0049301234567 ", None, "call me")
DELETED = (
    "shopify__customers",
    "shopify__orders",
    "salesforce__orders",
    "salesforce__accounts",
    "tryton__parties",
    "tryton__sales",
    "tryton__contact_mechanisms",
)
SET_ASIDE = (
    "salesforce__accounts",
    "salesforce__contacts",
    "tryton__parties",
    "tryton__addresses",
    "shopify__orders",
)
_COPY = """
with row as (
    select jsonb_populate_record(held, jsonb_build_object(
        '_key', %(key)s::text, %(field)s::text, %(key)s::text, '_batch_id', %(batch)s::text
    )) as value from validated.{0} as held where _key = %(source)s
)
insert into validated.{0} select (value).* from row
"""
_READ = """
insert into ops.batches (batch_id, system, resource, purpose, state) values (%s, %s, %s, 'read_back', 'covered')
"""
_SET_ASIDE = """
with gone as (delete from validated.{} as held where _key = %s returning to_jsonb(held) as fields)
insert into ops.dead_letters
    (dead_letter_id, stage, system, resource, record_key, error_class, message, fields)
select %s, 'validate', %s, %s, %s, 'ExpectationsFailedError', 'planted',
    fields - 'lines' - 'refunds' - 'fulfillments'
from gone
"""


class Changes:
    """Changes of one database, all drawn from one seed."""

    def __init__(self, connection: psycopg.Connection[Any], seed: int) -> None:
        self._connection = connection
        self._random = random.Random(seed)
        self.kinds: Mapping[str, Callable[[], None]] = {
            "name": lambda: self._set("shopify__customers", last_name=f"Name{self._draw(50)}"),
            "one e-mail": lambda: self._set("shopify__customers", email=self._any("shopify__customers", "email")),
            "few e-mails": lambda: self._set("salesforce__contacts", email=f"x{self._draw(5)}@example.com"),
            "phone": lambda: self._set("salesforce__contacts", phone=self._random.choice(PHONES)),
            "address": lambda: self._set("tryton__addresses", street=f"Weg {self._draw(9)}", city="Ort"),
            "contact of another account": lambda: self._set(
                "salesforce__contacts", account_source_id=self._any("salesforce__accounts", "_key")
            ),
            "address of another party": lambda: self._set(
                "tryton__addresses", party_source_id=self._any("tryton__parties", "_key")
            ),
            "merged account": lambda: self._set(
                "salesforce__accounts",
                master_source_id=self._any("salesforce__accounts", "_key"),
                is_deleted=True,
                _is_deleted=True,
            ),
            "number": lambda: self._set(
                "tryton__parties", party_code=self._random.choice(["CUS-1234", "K-1", "K-2", None])
            ),
            "renamed order": lambda: self._set("shopify__orders", order_name=self._order_name()),
            "order of another customer": lambda: self._set(
                "shopify__orders", customer_source_id=self._any("shopify__customers", "_key")
            ),
            "reference": lambda: self._set(
                "tryton__sales", reference=self._random.choice([self._order_name(), "per phone", None])
            ),
            "status": lambda: self._set(
                "tryton__sales", sale_state=self._random.choice(["draft", "confirmed", "done", "cancelled"])
            ),
            "price": lambda: self._set("shopify__products", price=self._draw(100)),
            "code of a product": lambda: self._set("tryton__products", sku=f"SKU-X{self._draw(4)}"),
            "other unit": lambda: self._set("tryton__products", unit_source_id=self._random.choice(["1", "2"])),
            "product is given up": lambda: self._set("tryton__products", is_active=False),
            "deleted": lambda: self._set(self._random.choice(DELETED), _is_deleted=True),
            "new customer": lambda: self._copy("shopify__customers"),
            "set aside": lambda: self._set_aside(self._random.choice(SET_ASIDE)),
            "freed": self._free,
        }

    def deal(self, nights: int) -> list[list[str]]:
        """Give each of so many nights its kinds of changes, so that each kind comes once."""
        shuffled = [*self.kinds]
        self._random.shuffle(shuffled)
        return [shuffled[night::nights] for night in range(nights)]

    def make(self, kinds: Sequence[str]) -> Sequence[str]:
        """Make a change of each of these kinds; returns them."""
        for kind in kinds:
            self.kinds[kind]()
        self._connection.commit()
        return kinds

    def _draw(self, below: int) -> int:
        return self._random.randrange(below)

    def _order_name(self) -> str:
        """One that no other order of the shop has, or that of an order that was deleted."""
        taken = "select order_name from validated.shopify__orders where not _is_deleted"
        names = {f"#{number}" for number in range(1000, 1040)} | {"#7001", "#7002", "#7003", "#7004"}
        return self._random.choice(sorted(names - {str(row[0]) for row in self._connection.execute(taken)}))

    def _any(self, table: str, column: str) -> object:
        query = sql.SQL("select {column} from validated.{table} where not _is_deleted order by _key")
        query = query.format(column=sql.Identifier(column), table=sql.Identifier(table))
        return self._random.choice(self._connection.execute(query).fetchall())[0]

    def _set(self, table: str, **values: object) -> None:
        key = self._any(table, "_key")
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(_adapted(value)))
            for name, value in values.items()
        )
        statement = sql.SQL("update validated.{} set {} where _key = %s")
        self._connection.execute(statement.format(sql.Identifier(table), assignments), (key,))

    def _copy(self, table: str, key: str = "") -> str:
        """Add a record that says what another one says; returns the key of that."""
        source, batch = str(self._any(table, "_key")), str(uuid.uuid4())
        self._connection.execute(_READ, (batch, *table.split("__")))
        name, _, resource = table.partition("__")
        values = {
            "key": key or f"{source}9{self._random.randrange(10**9):09d}",
            "field": system(name).resource(resource).key,
            "batch": batch,
            "source": source,
        }
        self._connection.execute(sql.SQL(_COPY).format(sql.Identifier(table)), values)
        return source

    def _set_aside(self, table: str) -> None:
        key = self._any(table, "_key")
        name, resource = table.split("__")
        statement = sql.SQL(_SET_ASIDE).format(sql.Identifier(table))
        self._connection.execute(statement, (key, str(uuid.uuid4()), name, resource, key))

    def _free(self) -> None:
        self._connection.execute(
            "update ops.dead_letters set state = 'resolved' where dead_letter_id in "
            "(select dead_letter_id from ops.dead_letters where state = 'open' order by 1 limit 2)"
        )


def _adapted(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict | list) else value
