"""Lets be worked on what time alone has changed since the last build: what counts as late, due or valid since."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from concord.contract import Resource, System
from concord.store.engine import Connection, fetch_value
from concord.store.tables import validated_table

_SETTLED = """
insert into touched.records (system, resource, record_key, round)
select links.system, resources.resource, links.record_key, 0 from intermediate.int_orders__links as links
inner join (values {resources}) as resources (system, resource) on resources.system = links.system
where (links.settled_at > %(since)s and links.settled_at <= %(now)s)
    or (links.handed_over_from > %(since)s::date and links.handed_over_from <= %(now)s::date)
    or (links.handed_over_until >= %(since)s::date and links.handed_over_until < %(now)s::date)
on conflict do nothing
"""
_SETTLED_WHOLESALE: LiteralString = """
insert into touched.texts (kind, value)
select distinct 'wholesale order', ops.link_text('wholesale order', order_number)
from intermediate.int_wholesale__links
where settled_at > %(since)s and settled_at <= %(now)s
on conflict do nothing
"""
# Names of orders of which the time alone changes something: a parcel that has been on its way for a day.
_AGED: LiteralString = """
insert into touched.texts (kind, value)
select distinct 'order name', ops.link_text('order name', order_id) from marts.shipments
where shipped_at > %(since)s - interval '1 day' and shipped_at <= %(now)s - interval '1 day'
    and order_id is not null
union
select distinct 'order name', ops.link_text('order name', order_id) from marts.invoices
where due_date >= %(since)s::date and due_date < %(now)s::date and order_id is not null
on conflict do nothing
"""
_BY_TABLE = {"marts.shipments": _AGED, "intermediate.int_wholesale__links": _SETTLED_WHOLESALE}
# Records that count from a day on, or until a day, as of UTC.
_DATED = """
insert into touched.records (system, resource, record_key, round)
select {system}, {resource}, held._key, 0 from {table} as held
cross join lateral (values
    ((%(since)s at time zone 'UTC')::date, (%(now)s at time zone 'UTC')::date)
) as days (since, now)
where (held.{first} > days.since and held.{first} <= days.now)
    or (held.{last} >= days.since and held.{last} < days.now)
on conflict do nothing
"""


def take_aged(connection: Connection, systems: Sequence[System], *, since: datetime, now: datetime) -> None:
    """Add the records and the names of orders of which something is another since then than it was before."""
    times = {"since": since, "now": now}
    for system in systems:
        for resource in system.resources:
            if resource.valid:
                connection.execute(_dated(system, resource, *resource.valid), times)
    if resources := order_resources(systems):
        connection.execute(sql.SQL(_SETTLED).format(resources=resources), times)
    for table, statement in _BY_TABLE.items():
        if fetch_value(connection, "select to_regclass(%s) is not null", (table,)):
            connection.execute(statement, times)


def order_resources(systems: Sequence[System]) -> sql.Composable | None:
    """The resources of orders with their systems, as rows of SQL; None where there are none."""
    pairs = [
        sql.SQL("({}, {})").format(sql.Literal(system.name), sql.Literal(resource.name))
        for system in systems
        for resource in system.resources
        if resource.entity == "order"
    ]
    return sql.SQL(", ").join(pairs) if pairs else None


def _dated(system: System, resource: Resource, first: str, last: str) -> sql.Composed:
    return sql.SQL(_DATED).format(
        first=sql.Identifier(first),
        last=sql.Identifier(last),
        table=validated_table(system, resource),
        system=sql.Literal(system.name),
        resource=sql.Literal(resource.name),
    )
