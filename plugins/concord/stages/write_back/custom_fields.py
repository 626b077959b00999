"""Adds the custom fields of a resource to its desired records, so that they are planned as all others are.

A desired model knows the fields that Concord declares. What a business added to them stands in one table for all
systems, `marts.desired_custom_fields`, with a row per record and field.
"""

from collections.abc import Set as AbstractSet

from psycopg import sql

from concord.contract import Resource, System
from concord.store.engine import Connection, fetch_value

_TABLE = "marts.desired_custom_fields"
# A record that is to be created has no key; then its entity's id joins it.
_WITH_CUSTOM = """
(
    select {columns}, {names},
        case
            when custom.reason is null then desired._reason
            when desired._reason = 'agrees' then 'from ' || custom.reason
            else concat_ws(', ', desired._reason, custom.reason)
        end as _reason
    from {desired} as desired
    left join (
        select coalesce(resource_key, '@' || golden_id) as match, {values},
            string_agg(reason, ', ' order by reason) as reason
        from {table}
        where system = {system} and resource = {resource}
        group by 1
    ) as custom on custom.match = coalesce(desired._key, '@' || desired._entity_id)
)
"""
_VALUE = "max(value) filter (where field = {}) as {}"


def add_custom_fields(
    connection: Connection,
    system: System,
    resource: Resource,
    *,
    desired: sql.Composable,
    columns: AbstractSet[str],
) -> tuple[sql.Composable, set[str]]:
    """The desired records with a column for each custom field that is written, and the names of all columns.

    `desired` is the table of the desired records and `columns` those that it has.
    """
    names = [item.name for item in resource.custom_fields if item.name in resource.written - columns]
    if not names or not fetch_value(connection, "select to_regclass(%s) is not null", (_TABLE,)):
        return desired, set(columns)
    identifiers = [sql.Identifier(name) for name in names]
    known = [sql.SQL("desired.{}").format(sql.Identifier(name)) for name in sorted(columns - {"_reason"})]
    joined = sql.SQL(_WITH_CUSTOM).format(
        columns=sql.SQL(", ").join(known),
        names=sql.SQL(", ").join(sql.SQL("custom.{}").format(name) for name in identifiers),
        values=sql.SQL(", ").join(
            sql.SQL(_VALUE).format(sql.Literal(name), sql.Identifier(name)) for name in names
        ),
        desired=desired,
        table=sql.SQL(_TABLE),
        system=sql.Literal(system.name),
        resource=sql.Literal(resource.name),
    )
    return joined, {*columns, *names}
