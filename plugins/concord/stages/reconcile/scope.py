"""What a build works on: all records, those that were touched with all that is linked with them, or nothing.

A build of everything is right whatever happened. A narrow build makes the same of the touched records, and leaves
the rest as it is; it is possible where nothing but records has changed since the last build of its phase.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from concord.contract import SKU, Resource, System
from concord.stages.reconcile.aged import order_resources, take_aged
from concord.stages.reconcile.closure import Closure, take_links_before
from concord.stages.reconcile.linked_customers import add_customers, add_values_before, keep_golden_ids
from concord.stages.reconcile.links import analyze_links, index_links, is_whole, list_links
from concord.stages.reconcile.parts import copy_parts, take_wholes
from concord.stages.reconcile.phone_numbers import read_phone_numbers
from concord.store.engine import LOADER, Connection, Database, fetch_value
from concord.store.ledger.touched import (
    Moment,
    Seen,
    complete,
    copy_touched,
    describe_reading,
    find_built,
    forget,
    narrow,
    oldest,
    read_moment,
    take_changed,
    widen,
)
from concord.store.tables import table_name, validated_table

ALL, TOUCHED, NOTHING = "all", "touched", "nothing"
_MOST = 0.3  # of all records; where more were touched, everything is built in less time
_OF_PRODUCTS = """
with changed as (
    select upper(regexp_replace(held.{sku}, '\\s+', '', 'g')) as sku from {table} as held
    inner join touched.records as known
        on known.system = {system} and known.resource = {resource} and known.record_key = held._key
    left join ops.touched as before
        on before.system = known.system and before.resource = known.resource
        and before.record_key = known.record_key and before.written_by >= {since}
    where held._is_deleted or before.before is null or not to_jsonb(held) @> before.before
    union
    select upper(regexp_replace(before ->> {name}, '\\s+', '', 'g')) from ops.touched
    where system = {system} and resource = {resource} and written_by >= {since}
)
insert into touched.texts (kind, value)
select distinct 'order name', ops.link_text('order name', lines.order_id)
from changed
inner join marts.order_lines as lines
    on lines.sku in (changed.sku, regexp_replace(changed.sku, '^0+(?=[0-9]+$)', ''))
on conflict do nothing
"""
_ORDERS = """
insert into touched.orders (order_name)
select distinct links.order_name from intermediate.int_orders__links as links
inner join touched.records as records on records.system = links.system and records.record_key = links.record_key
inner join (values {resources}) as resources (system, resource)
    on resources.system = records.system and resources.resource = records.resource
on conflict do nothing
"""
_IS_MORE = """
select exists (select from touched.records where round = %s)
    or exists (select from touched.texts where round is null and kind = any(%s))
"""
_SHARE = """
select (select count(*) from touched.records)::numeric / greatest(1, (
    select sum(case when reltuples < 0 then pg_relation_size(oid) / 300 else reltuples end)::numeric
    from pg_class where oid = any(%s::regclass[])
))
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a build works on, for which phases; the moment is that before which all changes are in it.

    `records` counts those that are worked on, None for all. What the phases that are `left` have built is built
    anew, because the first one was.
    """

    phases: Sequence[str]
    kind: str
    moment: Moment
    fingerprint: str
    left: Sequence[str] = ()
    records: int | None = None


def open_scope(
    database: Database, systems: Sequence[System], phases: Sequence[str], *, fingerprint: str, is_known: bool
) -> Scope:
    """Decide what a build of the first phase works on, and let the models see that.

    A narrow build is one of all phases that were built before. `fingerprint` is that of the project; what is known
    of whole resources is added. `is_known` says whether the project's models can be built of what was touched.
    Safe to repeat after a build that failed.
    """
    with database.transaction(LOADER) as connection:
        moment = read_moment(connection)
        widen(connection, systems)
        connection.execute("truncate touched.records, touched.texts")
        reading = describe_reading(connection)
        fingerprint = f"{fingerprint} {reading}"
        built = find_built(connection, phases, fingerprint)
        is_possible = is_known and can_be_narrow(systems) and _is_all_read(systems, reading)
        if not (built and is_possible):
            return Scope(phases[:1], ALL, moment, fingerprint, left=phases[1:])
        seen = oldest(built.values())
        _begin(connection, systems, seen, moment)
        if _is_empty(connection):
            return Scope([*built], NOTHING, moment, fingerprint, records=0)
    is_narrow = _close(database, systems)
    with database.transaction(LOADER) as connection:
        if is_narrow:
            count = int(fetch_value(connection, "select count(*) from touched.records"))
            return Scope([*built], TOUCHED, moment, fingerprint, records=count)
        widen(connection, systems)
    return Scope(phases[:1], ALL, moment, fingerprint, left=phases[1:])


def close_scope(database: Database, systems: Sequence[System], scope: Scope) -> None:
    """Keep that the phases have worked in all of it, and let the models see all records again."""
    with database.transaction(LOADER) as connection:
        widen(connection, systems)
        complete(connection, scope.phases, fingerprint=scope.fingerprint, moment=scope.moment)
        forget(connection, scope.left)
        if scope.kind == ALL and can_be_narrow(systems):
            index_links(connection, systems)
            analyze_links(connection, systems)


def note_identified(database: Database, systems: Sequence[System]) -> None:
    """Add the golden ids that identification has given to what is worked on."""
    with database.transaction(LOADER) as connection:
        keep_golden_ids(connection, systems)


def can_be_narrow(systems: Sequence[System]) -> bool:
    """Whether all resources say what their records are linked with."""
    return all(resource.links is not None for system in systems for resource in system.resources)


def _is_all_read(systems: Sequence[System], reading: str) -> bool:
    """Whether all resources were read: of one that was not, models judge by whether any record is there."""
    wanted = {f"{system.name}/{resource.name}/t" for system in systems for resource in system.resources}
    return wanted <= {*reading.split()}


def _begin(connection: Connection, systems: Sequence[System], seen: Seen, moment: Moment) -> None:
    """Take the records that changed, and what time alone changes."""
    for system in systems:
        for resource in system.resources:
            if take_changed(connection, system, resource, since=seen.until) and is_whole(resource):
                _take_orders_of(connection, system, resource, seen)
    take_wholes(connection, systems, since=seen.until)
    take_aged(connection, systems, since=seen.begun_at, now=moment.at)
    take_links_before(connection, list_links(systems), since=seen.until)
    add_values_before(connection, systems, since=seen.until)


def _is_empty(connection: Connection) -> bool:
    query = "select not exists (select from touched.records) and not exists (select from touched.texts)"
    return bool(fetch_value(connection, query))


def _take_orders_of(connection: Connection, system: System, resource: Resource, seen: Seen) -> None:
    """Add the orders with a product that came, went or is called otherwise."""
    for name, target in (resource.links or {}).items():
        if target == SKU:
            parts = {
                "sku": sql.Identifier(name),
                "name": sql.Literal(name),
                "table": validated_table(system, resource),
                "system": sql.Literal(system.name),
                "resource": sql.Literal(resource.name),
                "since": sql.Literal(seen.until),
            }
            connection.execute(sql.SQL(_OF_PRODUCTS).format(**parts))


def _close(database: Database, systems: Sequence[System]) -> bool:
    """Add all that is linked with what was touched; False where that is so much that all is built at once."""
    whole = [table_name(system, item) for system in systems for item in system.resources if is_whole(item)]
    tables = [f"validated.{table_name(system, item)}" for system in systems for item in system.resources]
    links, copied, number = list_links(systems), -1, 0
    with database.transaction(LOADER) as connection:
        index_links(connection, systems)
        narrow(connection, systems, whole)
    while True:
        with database.transaction(LOADER) as connection:
            closure = Closure(connection, links, number)
            closure.close()
            number = closure.round
            if float(fetch_value(connection, _SHARE, (tables,))) > _MOST:
                return False
            copy_touched(connection, systems, whole, copied=copied)
            copied = number
        read_phone_numbers(database)
        with database.transaction(LOADER) as connection:
            number += 1
            add_customers(connection, systems, number=number)
            if not fetch_value(connection, _IS_MORE, (number, [link.kind for link in links])):
                copy_parts(connection, systems)
                keep_golden_ids(connection, systems)
                if resources := order_resources(systems):
                    connection.execute(sql.SQL(_ORDERS).format(resources=resources))
                connection.execute("analyze touched.customers; analyze touched.orders")
                return True
