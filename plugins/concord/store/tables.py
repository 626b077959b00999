"""The landing and validated tables, derived from a resource's contract; a new system needs no migration.

Landing keeps every field as the text the vendor sent, so that a value of the wrong type is a row to be
quarantined and not a load that fails. The `__typed` view casts that text to the contract's types: an empty text is
null there, and so is a value that cannot be cast, whose field is named in `_faults`.
"""

from psycopg import sql

from concord.contract import SKU, Field, Kind, Listed, Resource, System
from concord.errors import ContractError
from concord.store.engine import LOADER, Connection, Database, fetch_value, lock_name
from concord.store.typed_fields import select_typed


def table_name(system: System, resource: Resource) -> str:
    """The name of the landing table and of the validated table, each in its schema."""
    return f"{system.name}__{resource.name}"


def landing_table(system: System, resource: Resource) -> sql.Identifier:
    """The table of the records as they were received."""
    return sql.Identifier("landing", table_name(system, resource))


def typed_view(system: System, resource: Resource) -> sql.Identifier:
    """The view of the landed records in the contract's types, with the faults of each."""
    return sql.Identifier("landing", f"{table_name(system, resource)}__typed")


def validated_table(system: System, resource: Resource) -> sql.Identifier:
    """The latest valid version of every record, deletions marked."""
    return sql.Identifier("validated", table_name(system, resource))


def considered_view(system: System, resource: Resource) -> sql.Identifier:
    """The view that models read: over all valid records, or over those that a build works on."""
    return sql.Identifier("scope", table_name(system, resource))


def create_tables(database: Database, system: System, resource: Resource) -> None:
    """Create the tables and the views, or add the columns of fields that were declared since.

    Raises `ContractError` when a field has another type than its column.
    """
    with database.transaction(LOADER) as connection:
        lock_name(connection, f"tables:{table_name(system, resource)}")
        if _is_plain(connection, system, resource):
            connection.execute(_partition_landing(system, resource))
        connection.execute(_create_landing(system, resource))
        connection.execute(_create_validated(system, resource))
        _add_columns(connection, system, resource)
        connection.execute(_create_typed_view(system, resource))
        connection.execute(create_considered_view(system, resource))
        _keep_links(connection, system, resource)


def _is_plain(connection: Connection, system: System, resource: Resource) -> bool:
    """Whether the landing table is one of a version that did not partition it."""
    query = "select relkind = 'r' from pg_class where oid = to_regclass(format('landing.%%I', %s::text))"
    return bool(fetch_value(connection, query, (table_name(system, resource),)))


def _partition_landing(system: System, resource: Resource) -> sql.Composed:
    return sql.SQL(
        "drop view if exists {view}; "
        "alter table {table} add column _landed_at timestamptz not null default now(); "
        "select ops.partition_by_month({name}, '_landed_at')"
    ).format(
        view=typed_view(system, resource),
        table=landing_table(system, resource),
        name=_text_of(landing_table(system, resource)),
    )


def _create_landing(system: System, resource: Resource) -> sql.Composed:
    return sql.SQL(
        "create table if not exists {table} ({columns}, _landed_at timestamptz not null default now()) "
        "partition by range (_landed_at); select ops.add_partitions({name}, now());"
        "create index if not exists {index} on {table} (_batch_id)"
    ).format(
        table=landing_table(system, resource),
        columns=landing_columns(resource),
        name=_text_of(landing_table(system, resource)),
        index=sql.Identifier(f"{table_name(system, resource)}__batch"),
    )


def _text_of(table: sql.Identifier) -> sql.Literal:
    return sql.Literal(table.as_string())


def landing_columns(resource: Resource) -> sql.Composed:
    """The columns of a table that takes records as they were received."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} text").format(sql.Identifier(field.name)) for field in resource.fields
    )
    return sql.SQL(
        "_batch_id text not null, _row integer not null, _fault text, {}, _payload text not null"
    ).format(columns)


def _create_validated(system: System, resource: Resource) -> sql.Composed:
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(field.kind.value)) for field in resource.fields
    )
    return sql.SQL(
        "create table if not exists {table} (_key text primary key, {columns}, "
        "_modified_at timestamptz, _is_deleted boolean not null default false, "
        "_batch_id text not null, _payload_hash text not null);"
        "create index if not exists {index} on {table} (_batch_id)"
    ).format(
        table=validated_table(system, resource),
        columns=columns,
        index=sql.Identifier(f"{table_name(system, resource)}__batch"),
    )


def create_considered_view(system: System, resource: Resource) -> sql.Composed:
    """SQL that lets the view show all valid records; views over it stand."""
    return sql.SQL("create or replace view {} as select * from {}").format(
        considered_view(system, resource), validated_table(system, resource)
    )


def _keep_links(connection: Connection, system: System, resource: Resource) -> None:
    """Let changes and deletions of the validated table leave what linked their records before."""
    links = resource.links or {}
    kept = {f"{name} {link.path}" if isinstance(link, Listed) else name for name, link in links.items()}
    if SKU in links.values():  # what orders take of a product, too: its unit, and whether it is given up
        kept |= {field.name for field in resource.fields if field.kind in (Kind.BOOLEAN, Kind.TEXT)}
    wanted = [system.name, resource.name, *sorted(kept)]
    for event in ("update", "delete"):
        name = f"touch_{event}d"
        if _trigger_arguments(connection, table_name(system, resource), name) != wanted:
            statement = "create or replace trigger {name} after {event} on {table} referencing old table as "
            statement += "old_rows for each statement execute function ops.touch_records({arguments})"
            connection.execute(
                sql.SQL(statement).format(
                    name=sql.Identifier(name),
                    event=sql.SQL(event),
                    table=validated_table(system, resource),
                    arguments=sql.SQL(", ").join(map(sql.Literal, wanted)),
                )
            )


def _trigger_arguments(connection: Connection, table: str, name: str) -> list[str]:
    found = fetch_value(
        connection,
        "select encode(tgargs, 'escape') from pg_trigger "
        "where tgname = %s and tgrelid = to_regclass(format('validated.%%I', %s::text))",
        (name, table),
    )
    return str(found).split("\\000")[:-1] if found else []


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
    return sql.SQL("drop view if exists {view}; create view {view} as {query}").format(
        view=typed_view(system, resource), query=select_typed(resource, landing_table(system, resource))
    )
