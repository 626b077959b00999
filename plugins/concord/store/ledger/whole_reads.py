"""Which batches read all records of a resource, and with which fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from concord.contract import Batch
from concord.store.engine import Connection, fetch_rows

_LAST_WHOLE = """
select whole_fields as fields, upper(covered_window) as until from ops.batches
where system = %s and resource = %s and state = 'covered' and whole_fields is not null and batch_id <> %s
order by upper(covered_window) desc limit 1
"""


@dataclass(frozen=True, slots=True)
class WholeRead:
    """Which fields a batch read of all records, with the vendor's paths, and the end of its window."""

    fields: Mapping[str, str]
    until: datetime


def record_whole_read(connection: Connection, batch_id: str, fields: Mapping[str, str]) -> None:
    """Write down that the batch reads these fields, with the vendor's paths, of all records there are."""
    query = "update ops.batches set whole_fields = %s where batch_id = %s"
    connection.execute(query, (Jsonb(dict(fields)), batch_id))


def find_whole_read(connection: Connection, batch: Batch) -> WholeRead | None:
    """What was read when all records of the resource were read last, without this batch; None where never."""
    names = (batch.system.name, batch.resource.name, batch.batch_id)
    rows = fetch_rows(connection, _LAST_WHOLE, names)
    return WholeRead(rows[0]["fields"], rows[0]["until"]) if rows else None
