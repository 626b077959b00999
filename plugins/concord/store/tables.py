"""The landing and validated tables, derived from a resource's contract; a new system needs no migration.

Landing keeps every field as the text the vendor sent, so that a value of the wrong type is a row to be
quarantined and not a load that fails. The `__typed` view reads that text as the contract's types: a value
that cannot be read is null there, and its field is named in `_faults`.
"""

from psycopg import sql

from concord.contract import Resource, System
from concord.errors import ContractError
from concord.fields import Field, Kind
from concord.store.engine import LOADER, Connection, Database

_ZONED = r"^\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$"
_READABLE = {
    Kind.TEXT: "true",
    Kind.INTEGER: "pg_input_is_valid({0}, 'bigint')",
    Kind.DECIMAL: "(pg_input_is_valid({0}, 'numeric') and {0} !~* '(nan|inf)')",
    Kind.BOOLEAN: "lower({0}) in ('true', 'false')",
    Kind.TIMESTAMP: f"({{0}} ~ '{_ZONED}' and pg_input_is_valid({{0}}, 'timestamptz'))",
    Kind.DATE: "({0} ~ '^\\d\\d\\d\\d-\\d\\d-\\d\\d$' and pg_input_is_valid({0}, 'date'))",
    Kind.JSON: "pg_input_is_valid({0}, 'jsonb')",
}


def table_name(system: System, resource: Resource) -> str:
    """The name both tables carry, in their schemas."""
    return f"{system.name}__{resource.name}"


def landing_table(system: System, resource: Resource) -> sql.Identifier:
    """Where a window's records lie as they were received."""
    return sql.Identifier("landing", table_name(system, resource))


def typed_view(system: System, resource: Resource) -> sql.Identifier:
    """The landed records read as the contract's types, with their faults."""
    return sql.Identifier("landing", f"{table_name(system, resource)}__typed")


def validated_table(system: System, resource: Resource) -> sql.Identifier:
    """The latest valid version of every record, deletions marked."""
    return sql.Identifier("validated", table_name(system, resource))


def create_tables(database: Database, system: System, resource: Resource) -> None:
    """Create the tables, or add the columns a grown contract needs; a changed type is refused."""
    with database.transaction(LOADER) as connection:
        lock = f"tables:{table_name(system, resource)}"
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
        connection.execute(_create_landing(system, resource))
        connection.execute(_create_validated(system, resource))
        _add_columns(connection, system, resource)
        connection.execute(_create_typed_view(system, resource))


def _create_landing(system: System, resource: Resource) -> sql.Composed:
    columns = sql.SQL(", ").join(
        sql.SQL("{} text").format(sql.Identifier(field.name)) for field in resource.fields
    )
    return sql.SQL(
        "create table if not exists {table} (_batch_id text not null, _row integer not null, _fault text, "
        "{columns}, _payload text not null);"
        "create index if not exists {index} on {table} using brin (_batch_id) with (pages_per_range = 16)"
    ).format(
        table=landing_table(system, resource),
        columns=columns,
        index=sql.Identifier(f"{table_name(system, resource)}__batch"),
    )


def _create_validated(system: System, resource: Resource) -> sql.Composed:
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(field.kind.value)) for field in resource.fields
    )
    return sql.SQL(
        "create table if not exists {table} (_key text primary key, {columns}, "
        "_modified_at timestamptz, _is_deleted boolean not null default false, "
        "_batch_id text not null, _payload_hash text not null)"
    ).format(table=validated_table(system, resource), columns=columns)


def _add_columns(connection: Connection, system: System, resource: Resource) -> None:
    for schema in ("landing", "validated"):
        stored = _stored_types(connection, schema, table_name(system, resource))
        for field in resource.fields:
            wanted = "text" if schema == "landing" else field.kind.value
            found = stored.get(field.name)
            if found is None:
                _add_column(connection, sql.Identifier(schema, table_name(system, resource)), field, wanted)
            elif found != wanted:
                raise ContractError(
                    f"Field {field.name} of {system.name} {resource.name} is now declared {wanted}, but its "
                    f"table holds {found}; give the field a new name, or drop the {schema} table and backfill.",
                    system=system.name,
                    resource=resource.name,
                    field=field.name,
                )


def _stored_types(connection: Connection, schema: str, table: str) -> dict[str, str]:
    rows = connection.execute(
        "select attname, case format_type(atttypid, null) when 'timestamp with time zone' "
        "then 'timestamptz' else format_type(atttypid, null) end from pg_attribute "
        "where attrelid = format('%%I.%%I', %s::text, %s::text)::regclass and attnum > 0 and not attisdropped",
        (schema, table),
    ).fetchall()
    return {str(name): str(kind) for name, kind in rows}


def _add_column(connection: Connection, table: sql.Identifier, field: Field, kind: str) -> None:
    connection.execute(
        sql.SQL("alter table {} add column {} {}").format(table, sql.Identifier(field.name), sql.SQL(kind))
    )


def _create_typed_view(system: System, resource: Resource) -> sql.Composed:
    columns = sql.SQL(", ").join(_typed_column(field) for field in resource.fields)
    faults = sql.SQL(", ").join(_fault(field) for field in resource.fields)
    return sql.SQL(
        "drop view if exists {view}; create view {view} as "
        "select _batch_id, _row, {hash} as _payload_hash, {columns}, "
        "array_remove(array[_fault, {faults}], null) as _faults from {table}"
    ).format(
        view=typed_view(system, resource),
        hash=_payload_hash(resource),
        columns=columns,
        faults=faults,
        table=landing_table(system, resource),
    )


def _payload_hash(resource: Resource) -> sql.Composed:
    """Of what the declared fields say: vendors send the same record with its keys in another order."""
    said = sql.SQL(", ").join(_said(field) for field in resource.fields)
    return sql.SQL("md5(case when _fault is null then row({})::text else _payload end)").format(said)


def _said(field: Field) -> sql.Composed:
    text = (
        "case when pg_input_is_valid({0}, 'jsonb') then {0}::jsonb::text else {0} end"
        if field.is_document
        else "{0}"
    )
    return sql.SQL(text).format(sql.Identifier(field.name))


def _text_of(field: Field) -> sql.Composed:
    column = sql.Identifier(field.name)
    if field.is_document:
        column = sql.SQL("nullif({}, 'null')").format(column)  # type: ignore[assignment]  # both are Composable
    return sql.SQL(field.form.sql).format(column)


def _typed_column(field: Field) -> sql.Composed:
    text, kind = _text_of(field), sql.SQL(field.kind.value)
    if field.kind is Kind.TEXT:
        return sql.SQL("{} as {}").format(text, sql.Identifier(field.name))
    return sql.SQL("case when {} then ({})::{} end as {}").format(
        _is_readable(field), text, kind, sql.Identifier(field.name)
    )


def _is_readable(field: Field) -> sql.Composed:
    return sql.SQL(_READABLE[field.kind]).format(_text_of(field))


def _fault(field: Field) -> sql.Composed:
    if field.required:
        empty = sql.SQL("when coalesce({}, '') = '' then {} ").format(
            _text_of(field), sql.Literal(f"{field.name} is missing")
        )
    else:
        empty = sql.Composed([])
    if field.kind is Kind.TEXT and not field.required:
        return sql.Composed([sql.SQL("null")])
    return sql.SQL("case {}when {} is not null and not {} then {} end").format(
        empty, _text_of(field), _is_readable(field), sql.Literal(f"{field.name} is not {_article(field.kind)}")
    )


def _article(kind: Kind) -> str:
    names = {Kind.INTEGER: "an integer", Kind.DECIMAL: "a number", Kind.BOOLEAN: "true or false"}
    times = {Kind.TIMESTAMP: "a time with a zone", Kind.DATE: "a date", Kind.JSON: "valid JSON"}
    return {**names, **times, Kind.TEXT: "text"}[kind]
