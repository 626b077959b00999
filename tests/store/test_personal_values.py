"""What the warehouse knows of a person is found for every system, so that no message has to show it."""

import json

import pytest
from psycopg import sql

from concord.contract import Kind, Resource, System
from concord.registry import declared_systems
from concord.store.engine import LOADER, PLANNER, Database
from concord.store.migrate import migrate
from concord.store.personal_values import personal_fields, read_personal_values
from concord.store.tables import create_tables, validated_table

PERSONAL = [
    (system, resource)
    for system in declared_systems()
    for resource in system.resources
    if personal_fields(resource)
]


def keep(warehouse: Database, system: System, resource: Resource, key: str, values: dict[str, str]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, ("_key", "_batch_id", "_payload_hash", *values)))
    with warehouse.transaction(LOADER) as connection:
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                validated_table(system, resource),
                names,
                sql.SQL(", ").join([sql.Placeholder()] * (3 + len(values))),
            ),
            (key, "b", "h", *values.values()),
        )


@pytest.mark.parametrize(("system", "resource"), PERSONAL, ids=lambda item: item.name)
def test_every_personal_value_of_a_record_is_found(database: str, system: System, resource: Resource) -> None:
    warehouse = Database(database)
    migrate(warehouse)
    for item in system.resources:
        create_tables(warehouse, system, item)
    fields = [resource.field(name) for name in personal_fields(resource)]
    values = {
        item.name: json.dumps({"of": item.name}) if item.kind is Kind.JSON else f"of {item.name}"
        for item in fields
    }
    keep(warehouse, system, resource, "1", values)
    keep(warehouse, system, resource, "2", {})
    with warehouse.transaction(PLANNER) as connection:
        found = read_personal_values(connection, system, resource, ["1"])
        assert read_personal_values(connection, system, resource, ["2"]) == []
    assert sorted(map(str, found)) == sorted(
        str(json.loads(value)) if value.startswith("{") else value for value in values.values()
    )


def test_the_person_to_whom_a_record_belongs_is_found(database: str) -> None:
    """The ERP names the party of a phone number when it refuses the number."""
    warehouse, system = Database(database), next(item for item in declared_systems() if item.name == "tryton")
    migrate(warehouse)
    for item in system.resources:
        create_tables(warehouse, system, item)
    mechanisms = system.resource("contact_mechanisms")
    keep(warehouse, system, system.resource("parties"), "7", {"party_name": "Clara Martin"})
    keep(warehouse, system, mechanisms, "8", {"mechanism_value": "+4930", "party_source_id": "7"})
    with warehouse.transaction(PLANNER) as connection:
        assert set(read_personal_values(connection, system, mechanisms, ["8"])) == {"Clara Martin", "+4930"}
