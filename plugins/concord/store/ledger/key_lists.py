"""Key lists: all keys that a vendor has of a resource, listed with a batch; of each resource the newest is kept.

They are compared with what is held, to find records that were deleted or that no window met.
"""

from collections.abc import Iterable

from concord.store.engine import Connection, fetch_value

LISTED_KEYS = "select record_key from ops.listed_keys where batch_id = %(batch)s"
_KEEP = "insert into ops.listed_keys select distinct %(batch)s, record_key from listed"
# A batch without its list tells nothing of deleted records, should it be validated later than the newer one.
_FORGET_OLDER = """
with older as (
    update ops.batches as older set is_key_list_complete = false
    from ops.batches as newest
    where newest.batch_id = %(batch)s and older.batch_id <> newest.batch_id
        and older.system = newest.system and older.resource = newest.resource and older.is_key_list_complete
    returning older.batch_id
)
delete from ops.listed_keys using older where listed_keys.batch_id = older.batch_id
"""
_COMPLETE = "update ops.batches set is_key_list_complete = true where batch_id = %(batch)s"


def record_listed_keys(connection: Connection, batch_id: str, keys: Iterable[str]) -> None:
    """Keep the complete list of the vendor's keys, in which keys may repeat; older ones of the resource go."""
    connection.execute("create temp table listed (record_key text) on commit drop")
    with connection.cursor() as cursor, cursor.copy("copy listed from stdin") as copy:
        for key in keys:
            copy.write_row((key,))
    for statement in (_KEEP, _FORGET_OLDER, _COMPLETE):
        connection.execute(statement, {"batch": batch_id})


def has_listed_keys(connection: Connection, batch_id: str) -> bool:
    """Whether the batch came with the complete list of the vendor's keys."""
    query = "select is_key_list_complete from ops.batches where batch_id = %s"
    return bool(fetch_value(connection, query, (batch_id,)))
