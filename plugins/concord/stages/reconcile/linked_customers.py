"""Finds the customers that touched records were, are or could be: by golden ids and by values that they share."""

from collections.abc import Sequence

from psycopg import sql

from concord.contract import WHOLESALE_CUSTOMER, System
from concord.store.engine import Connection
from concord.store.ledger.dead_letters import SET_ASIDE

# A column of int_customers__links, and the kind of text that it is; the last where a system links that kind.
_VALUES = {
    "email": "customer email",
    "phone": "customer phone",
    "account_key": "customer number",
    "group_key": "customer group",
    "place_key": "customer place",
    "external_id": "customer id",
    "wholesale_key": WHOLESALE_CUSTOMER,
}
# What the records say now, and what they said when they were reconciled last.
_TEXTS = """
insert into touched.texts (kind, value)
select texts.kind, texts.value
from (
    select now_known.* from intermediate.int_customers__linkable as now_known
    union all
    select before.* from intermediate.int_customers__links as before
    where (before.system, before.record_key) in (
        select system, record_key from touched.records where {is_customer}
    )
) as links
cross join lateral (values {values}) as texts (kind, value)
where texts.value is not null
union
select 'customer id', known.golden_id from ops.identities as known
inner join touched.records as records on records.system = known.system and records.record_key = known.record_key
where known.entity = 'customer' and {is_customer_record}
on conflict do nothing
"""
# What the fields of a record that was set aside say of its customer.
_TOLD = """
(values
    ('customer email', nullif(lower(btrim({fields} ->> 'email')), '')),
    ('customer number', ops.link_text('customer number', {fields} ->> 'erp_customer_code')),
    ('customer number', ops.link_text('customer number', {fields} ->> 'account_number')),
    ('customer number', ops.link_text('customer number', {fields} ->> 'party_code')),
    ('customer number', ops.link_text('customer number', {fields} ->> 'external_party_code'))
) as told (kind, value)
"""
_BEFORE = """
insert into touched.texts (kind, value)
select distinct told.kind, told.value from ops.touched as changed cross join lateral {told}
where changed.written_by >= {since} and told.value is not null
on conflict do nothing
"""
# A valid record of which a newer version was set aside: models ask whether it is there.
_SET_ASIDE = """
insert into touched.records (system, resource, record_key, round)
select distinct letters.system, letters.resource, letters.record_key, {round}
from {set_aside} as letters cross join lateral {told}
inner join touched.texts as texts on texts.kind = told.kind and texts.value = told.value
where (letters.system, letters.resource) in ({resources})
on conflict do nothing
"""
_RECORDS = """
insert into touched.records (system, resource, record_key, round)
select links.system, resources.resource, links.record_key, {round}
from touched.texts as texts
inner join intermediate.int_customers__links as links on links.{column} = texts.value
inner join (values {resources}) as resources (system, resource) on resources.system = links.system
where texts.kind = {kind}
on conflict do nothing
"""
_SAME = """
insert into touched.records (system, resource, record_key, round)
select known.system, resources.resource, known.record_key, {round}
from touched.texts as texts
inner join ops.identities as known on known.entity = 'customer' and known.golden_id = texts.value
inner join (values {resources}) as resources (system, resource) on resources.system = known.system
where texts.kind = 'customer id'
on conflict do nothing
"""
_IDENTIFIED = """
insert into touched.records (system, resource, record_key, round)
select changed.system, resources.resource, changed.record_key, 0 from ops.touched as changed
inner join (values {resources}) as resources (system, resource) on resources.system = changed.system
where changed.resource = 'customer' and changed.written_by >= {since}
on conflict do nothing
"""
_KEEP = """
insert into touched.customers (golden_id)
select distinct known.golden_id from ops.identities as known
inner join touched.records as records on records.system = known.system and records.record_key = known.record_key
where known.entity = 'customer' and {is_customer_record}
on conflict do nothing
"""


def customer_resources(systems: Sequence[System]) -> list[tuple[str, str]]:
    """The resources whose keys are those of customer records, each with its system."""
    return [
        (system.name, resource.name)
        for system in systems
        for resource in system.resources
        if resource.entity == "customer" and resource.column_of_key
    ]


def add_values_before(connection: Connection, systems: Sequence[System], *, since: str) -> None:
    """Add the records that belong to another customer since, and the values of records that were set aside."""
    told = sql.SQL(_TOLD).format(fields=sql.SQL("changed.before"))
    connection.execute(sql.SQL(_BEFORE).format(since=sql.Literal(since), told=told))
    if resources := customer_resources(systems):
        parts = {"resources": _as_rows(resources), "since": sql.Literal(since)}
        connection.execute(sql.SQL(_IDENTIFIED).format(**parts))


def add_customers(connection: Connection, systems: Sequence[System], *, number: int) -> None:
    """Add the records of customers that share a value or a golden id with those that are there, as a round.

    The values stay new to the closure, which may follow them as well: orders quote the number of a customer.
    """
    resources = customer_resources(systems)
    if not resources:
        return
    kinds = {column: kind for column, kind in _VALUES.items() if _is_looked_up(kind, systems)}
    parts: dict[str, sql.Composable] = {
        "round": sql.Literal(number),
        "is_customer": _is_one_of(resources),
        "is_customer_record": _is_one_of(resources, "records"),
        "resources": _as_rows(resources),
        "values": sql.SQL(", ").join(
            sql.SQL("({}, links.{})").format(sql.Literal(kind), sql.Identifier(column))
            for column, kind in kinds.items()
        ),
    }
    connection.execute(sql.SQL(_TEXTS).format(**parts))
    connection.execute("analyze touched.texts")
    for column, kind in kinds.items():
        found = {"column": sql.Identifier(column), "kind": sql.Literal(kind)}
        connection.execute(sql.SQL(_RECORDS).format(**parts, **found))
    connection.execute(sql.SQL(_SAME).format(**parts))
    told = sql.SQL(_TOLD).format(fields=sql.SQL("letters.fields"))
    connection.execute(sql.SQL(_SET_ASIDE).format(**parts, told=told, set_aside=sql.SQL(SET_ASIDE)))
    connection.execute("analyze touched.records")


def _is_looked_up(kind: str, systems: Sequence[System]) -> bool:
    if kind != WHOLESALE_CUSTOMER:
        return True
    return any(kind in resource.linked.values() for system in systems for resource in system.resources)


def keep_golden_ids(connection: Connection, systems: Sequence[System]) -> None:
    """Add to the golden customers that are worked on those that the touched records have now."""
    resources = customer_resources(systems)
    if resources:
        is_customer = _is_one_of(resources, "records")
        connection.execute(sql.SQL(_KEEP).format(is_customer_record=is_customer))


def _is_one_of(resources: Sequence[tuple[str, str]], *alias: str) -> sql.Composed:
    return sql.SQL("({system}, {resource}) in ({pairs})").format(
        system=sql.Identifier(*alias, "system"),
        resource=sql.Identifier(*alias, "resource"),
        pairs=_as_rows(resources),
    )


def _as_rows(resources: Sequence[tuple[str, str]]) -> sql.Composed:
    rows = (sql.SQL("({}, {})").format(sql.Literal(system), sql.Literal(name)) for system, name in resources)
    return sql.SQL(", ").join(rows)
