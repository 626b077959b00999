"""The personal values that the warehouse holds of some records, for messages that must not show them."""

from collections.abc import Iterable, Sequence

from psycopg import sql

from concord.contract import Resource, System
from concord.store.engine import Connection
from concord.store.tables import validated_table

_REFERENCE = "_source_id"  # how the name of a field ends that holds the key of another record of the system
_VALUES = "select {fields} from {table} where _key = any(%s)"


def read_personal_values(
    connection: Connection, system: System, resource: Resource, keys: Sequence[str]
) -> list[object]:
    """All values of personal fields of the records with these keys, and of the records that they refer to."""
    values = list(_read(connection, system, resource, personal_fields(resource), keys))
    references = [item.name for item in resource.fields if item.name.endswith(_REFERENCE)]
    referred = [str(key) for key in _read(connection, system, resource, references, keys)]
    for other in system.resources:
        if other.name != resource.name:
            values += _read(connection, system, other, personal_fields(other), referred)
    return values


def personal_fields(resource: Resource) -> list[str]:
    """The names of the personal fields of a resource."""
    return [item.name for item in resource.fields if item.is_personal]


def _read(
    connection: Connection, system: System, resource: Resource, names: Sequence[str], keys: Sequence[str]
) -> Iterable[object]:
    if not names or not keys:
        return []
    statement = sql.SQL(_VALUES).format(
        fields=sql.SQL(", ").join(map(sql.Identifier, names)), table=validated_table(system, resource)
    )
    rows = connection.execute(statement, (list(keys),)).fetchall()
    return [value for row in rows for value in row if value is not None]
