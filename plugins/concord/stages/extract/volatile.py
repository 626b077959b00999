"""Fields that move without the change stamp: listed with the newest window, and read whole where they moved.

Of every record only the key and these fields are asked for, as far as the vendor lets a reader choose. What
differs from what is held is read by its key, or as the whole list where much differs.
"""

from collections.abc import Iterator

from psycopg import sql

from concord.contract import Batch, Page, Resource, Session
from concord.protocols.reading import keys_in, only_fields
from concord.stages.extract.differences import MOST_LOOKED_UP
from concord.stages.extract.landing import copy_pages, land_pages
from concord.stages.extract.rows import RowShaper
from concord.store.engine import Connection
from concord.store.tables import typed_view, validated_table
from concord.store.typed_fields import select_typed

_LISTED = sql.Identifier("volatile_listed")
_CREATE = sql.SQL(
    "create temp table {} (_batch_id text, _row integer, _fault text, {}, _payload text) on commit drop"
)
_MOVED = """
select held._key from ({seen}) as seen join {validated} as held on held._key = seen.{key}::text
where not held._is_deleted and ({moved})
except select typed.{key}::text from {view} as typed where typed._batch_id = %(batch)s
"""


def read_volatile(
    connection: Connection, session: Session, batch: Batch, names: frozenset[str], *, landed: int
) -> tuple[int, list[str]]:
    """Land, behind the `landed` records of the batch, those of which one of the fields `names` moved.

    Returns how many records the batch has now, and the keys of all records that the vendor has. Raises the
    session's errors.
    """
    resource = batch.resource
    keys = _list(connection, session, batch, only_fields(resource, names))
    moved = _moved_keys(connection, batch, names)
    if len(moved) > MOST_LOOKED_UP:
        landed = land_pages(connection, batch, resource.read.read_window(session, resource, None), first=landed)
    elif moved:
        pages = resource.read.read_matching(session, resource, resource.key, moved)
        landed = land_pages(connection, batch, pages, first=landed)
    return landed, keys


def _list(connection: Connection, session: Session, batch: Batch, narrowed: Resource) -> list[str]:
    """Put the fields of all records into a temporary table, and give their keys."""
    columns = [sql.SQL("{} text").format(sql.Identifier(item.name)) for item in narrowed.fields]
    connection.execute(_CREATE.format(_LISTED, sql.SQL(", ").join(columns)))
    keys: list[str] = []

    def noted(pages: Iterator[Page]) -> Iterator[Page]:
        for page in pages:
            keys.extend(key for some in keys_in(narrowed, [page]) for key in some)
            yield page

    pages = noted(narrowed.read.read_window(session, narrowed, None))
    copy_pages(connection, RowShaper(narrowed, batch.batch_id), _LISTED, pages)
    connection.execute(sql.SQL("analyze {}").format(_LISTED))
    return keys


def _moved_keys(connection: Connection, batch: Batch, names: frozenset[str]) -> list[str]:
    """The keys of the held records of which a field differs, without those that the batch holds already."""
    narrowed = only_fields(batch.resource, names)
    differ = [
        sql.SQL("seen.{0} is distinct from held.{0}").format(sql.Identifier(item.name))
        for item in narrowed.fields
        if item.name in names
    ]
    query = sql.SQL(_MOVED).format(
        seen=select_typed(narrowed, _LISTED),
        validated=validated_table(batch.system, batch.resource),
        view=typed_view(batch.system, batch.resource),
        key=sql.Identifier(batch.resource.key),
        moved=sql.SQL(" or ").join(differ),
    )
    return [str(row[0]) for row in connection.execute(query, {"batch": batch.batch_id}).fetchall()]
