"""Compares the keys that a vendor listed with those that are held, and reads by key the records that differ.

A key that is held and was not listed may have been deleted, or may have been missed because the list moved while
it was paged. A key that is listed and not held, after all windows were read, belongs to a record that no window
met: its change stamp is missing or wrong. Both are looked up by key before validation, so that no live record is
marked as deleted.
"""

import logging

from psycopg import sql

from concord.contract import Batch, Session, Snapshot, Worklist
from concord.stages.extract.landing import land_pages
from concord.store.engine import Connection
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.key_lists import LISTED_KEYS, has_listed_keys
from concord.store.tables import typed_view, validated_table

MOST_LOOKED_UP = 2_000  # keys looked up in a night, of each of the two kinds

_logger = logging.getLogger(__name__)
_LANDED = "select typed.{key}::text as record_key from {view} as typed where typed._batch_id = %(batch)s"
_SOME = "select key, count(*) over () from ({keys}) as keys (key) order by md5(key || %(batch)s) limit %(most)s"
_MISSED = """
select _key from {validated} where not _is_deleted
except select record_key from ({listed}) as listed
except select record_key from ({landed}) as landed
"""
_UNKNOWN = """
select record_key from ({listed}) as listed where record_key <> ''
except select _key from {validated}
except select record_key from ({landed}) as landed
"""


def read_differences(
    connection: Connection, session: Session, batch: Batch, *, landed: int, is_all_covered: bool
) -> int:
    """Land, behind the `landed` records of the batch, those whose keys are only listed or only held.

    Returns how many records the batch has then. Before all is covered, what is listed and not held is not looked
    up: it comes with its own window. Of more keys than `MOST_LOOKED_UP` some are looked up, other ones each night,
    and a warning tells the rest. Nothing is looked up where no keys were listed. Raises the session's errors.
    """
    is_snapshot = isinstance(batch.resource.changes, Snapshot)
    if isinstance(batch.resource.changes, Worklist):
        return landed
    if not (is_snapshot or has_listed_keys(connection, batch.batch_id)):
        return landed
    wanted = _some(connection, batch, _MISSED, "are held and were not listed")
    if is_all_covered and not is_snapshot:
        wanted += _some(connection, batch, _UNKNOWN, "are listed and were never read")
    if not wanted:
        return landed
    resource = find_account(connection, batch.system, batch.resource).resource
    pages = resource.read.read_matching(session, resource, resource.key, wanted)
    return land_pages(connection, batch, pages, first=landed)


def _some(connection: Connection, batch: Batch, difference: str, what: str) -> list[str]:
    """At most `MOST_LOOKED_UP` of the keys that differ; which ones, follows from the batch."""
    listed = _LANDED if isinstance(batch.resource.changes, Snapshot) else LISTED_KEYS
    parts = {
        "key": sql.Identifier(batch.resource.key),
        "view": typed_view(batch.system, batch.resource),
        "validated": validated_table(batch.system, batch.resource),
    }
    keys = difference.replace("{listed}", listed).replace("{landed}", _LANDED)
    query = sql.SQL(_SOME.replace("{keys}", keys)).format(**parts)
    found = connection.execute(query, {"batch": batch.batch_id, "most": MOST_LOOKED_UP}).fetchall()
    if not found:
        return []
    name, total = f"{batch.system.name} {batch.resource.name}", int(str(found[0][1]))
    _logger.warning("%s records of %s %s; %s of them are looked up by their keys.", total, name, what, len(found))
    return [str(row[0]) for row in found]
