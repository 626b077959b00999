"""Stores the records of one vendor in one SQLite file, which survives a killed process.

Records are JSON texts beside an indexed key and stamp, so that a page costs the same at the first and at the
millionth record. Every write adds a row to `effects` in the same transaction, so that a test knows which writes
took effect, whatever the response to the caller was.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sandbox.server.clock import Clock
from sandbox.server.queries import Order, Row, Where
from sandbox.server.records import Collection, Key, Record, decode, encode, normalised, shorten

_TABLES = """
create table if not exists lookups (
    collection text not null, field text not null, value text not null, key not null,
    primary key (collection, field, value, key)) without rowid;
create table if not exists effects (
    n integer primary key, at integer not null, operation text not null,
    collection text not null, id text not null, content text not null);
create table if not exists notes (
    topic text not null, name text not null, value text not null, primary key (topic, name)) without rowid;
"""
_CHUNK = 20_000


class Store:
    """All records of one vendor. One thread of one process uses it, so no two transactions overlap."""

    def __init__(self, path: Path, collections: Iterable[Collection]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.clock = Clock()
        self.collections = {collection.name: collection for collection in collections}
        self.discard_writes = False
        self.shortened = ""
        self._depth = 0
        self._kept: sqlite3.Connection | None = None
        self._changes_kept = 0
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=wal", "synchronous=normal", "cache_size=-65536", "mmap_size=268435456"):
            self._db.execute(f"pragma {pragma}")
        self._db.executescript(_TABLES)
        for collection in self.collections.values():
            self._create_table(collection)

    def _create_table(self, collection: Collection) -> None:
        self._db.execute(
            f"create table if not exists {collection.table} (key primary key not null, "
            "updated_at integer not null, deleted integer not null default 0, body text not null)"
        )
        self._db.execute(
            f'create index if not exists "by_stamp_{collection.name}" on {collection.table} (updated_at, key)'
        )

    def keep(self) -> None:
        """Remember all records as they are now, for `restore`."""
        self._kept = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.backup(self._kept)
        self._changes_kept = self._db.total_changes

    def restore(self) -> None:
        """Everything as it was when it was kept, but for the tokens, which stay valid."""
        if self._kept is None or self._changes_kept == self._db.total_changes:
            return
        tokens = self._db.execute("select * from notes where topic = 'token'").fetchall()
        self._kept.backup(self._db)
        self._db.executemany("insert or replace into notes values (?, ?, ?)", tokens)
        self._changes_kept = self._db.total_changes

    def close(self) -> None:
        """Closes the file, which then contains its write-ahead log."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens or nothing does; nested ones join the outer one."""
        if self._depth == 0:
            self._db.execute("begin immediate")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("rollback")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("rollback" if self.discard_writes else "commit")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction for one record, which is rolled back alone when it fails."""
        self._db.execute("savepoint record")
        try:
            yield
        except BaseException:
            self._db.execute("rollback to record")
            self._db.execute("release record")
            raise
        self._db.execute("release record")

    def get(self, name: str, record_id: str) -> Record | None:
        """The record with this id, deleted or not."""
        collection = self.collections[name]
        row = self._db.execute(
            f"select body from {collection.table} where key = ?", (collection.key_of(record_id),)
        ).fetchone()
        return decode(row[0]) if row else None

    def page(self, name: str, where: Where, order: Order, *, limit: int, offset: int = 0) -> list[Row]:
        """Rows of (key, stamp, JSON text)."""
        sql = (
            f"select key, updated_at, body from {self.collections[name].table} where {where.sql} "
            f"order by {order.sql} limit ? offset ?"
        )
        return self._db.execute(sql, (*where.params, limit, offset)).fetchall()

    def ordered(self, name: str, where: Where, order_sql: str, *, limit: int, offset: int) -> list[Row]:
        """Rows in any other order; the further the offset, the longer it takes."""
        sql = f"select key, updated_at, body from {self.collections[name].table} where {where.sql} "
        return self._db.execute(
            f"{sql} order by {order_sql} limit ? offset ?", (*where.params, limit, offset)
        ).fetchall()

    def count(self, name: str, where: Where | None = None) -> int:
        """How many records match."""
        where = where or Where()
        sql = f"select count(*) from {self.collections[name].table} where {where.sql}"
        return int(self._db.execute(sql, where.params).fetchone()[0])

    def find(self, name: str, lookup: str, value: object) -> list[Key]:
        """Keys of the records with this value."""
        rows = self._db.execute(
            "select key from lookups where collection = ? and field = ? and value = ?",
            (name, lookup, normalised(value) or ""),
        )
        return [row[0] for row in rows]

    def get_by_key(self, name: str, key: Key) -> Record | None:
        """The record under a storage key, as `find` gives them."""
        row = self._db.execute(f"select body from {self.collections[name].table} where key = ?", (key,)).fetchone()
        return decode(row[0]) if row else None

    def largest_key(self, name: str) -> Key | None:
        """The largest key of a collection; None where it is empty."""
        row = self._db.execute(f"select max(key) from {self.collections[name].table}").fetchone()
        return row[0] if row else None

    def put(self, name: str, record: Record, *, operation: str) -> None:
        """Write one record, and note the effect; the value that is to be shortened loses its last sign."""
        collection = self.collections[name]
        if self.shortened:
            record = shorten(record, self.shortened)
        record_id = str(record[collection.id_field])
        with self.transaction():
            self._forget_lookups(collection, record_id)
            self._insert(collection, [record])
            self._note_effect(collection, record_id, operation, record)

    def remove(self, name: str, record_id: str, *, operation: str) -> bool:
        """Deletes a record; False when there was none."""
        collection = self.collections[name]
        with self.transaction():
            if self.get(name, record_id) is None:
                return False
            self._forget_lookups(collection, record_id)
            self._db.execute(f"delete from {collection.table} where key = ?", (collection.key_of(record_id),))
            self._note_effect(collection, record_id, operation, {})
        return True

    def load(self, name: str, records: Iterable[Record]) -> int:
        """Store records unchanged, in bulk; a load counts as no write and notes no effect."""
        collection = self.collections[name]
        had_some = self.count(name) > 0
        loaded = 0
        source = iter(records)
        while chunk := list(islice(source, _CHUNK)):
            with self.transaction():
                if had_some:
                    for record in chunk:
                        self._forget_lookups(collection, str(record[collection.id_field]))
                self._insert(collection, chunk)
            loaded += len(chunk)
        return loaded

    def load_inner(self, source: str, field_name: str, target: str) -> None:
        """Fill a collection with the objects that lie inside the records of another one."""
        rows = self._db.execute(
            f"select json_set(json_extract(body, ?), '$.updatedAt', max(json_extract(body, '$.updatedAt'))) "
            f"from {self.collections[source].table} group by json_extract(body, ?)",
            (f"$.{field_name}", f"$.{field_name}.id"),
        ).fetchall()
        self.load(target, (decode(row[0]) for row in rows if row[0]))

    def clear(self) -> None:
        """An empty vendor."""
        with self.transaction():
            for collection in self.collections.values():
                self._db.execute(f"delete from {collection.table}")
            self._db.execute("delete from lookups")
            self._db.execute("delete from notes where topic <> 'token'")
            self.forget_effects()

    def effects(self) -> Iterator[tuple[int, int, str, str, str, str]]:
        """Every write that took effect: (n, at, operation, collection, id, content hash)."""
        yield from self._db.execute("select n, at, operation, collection, id, content from effects order by n")

    def forget_effects(self) -> None:
        """Forget all effects."""
        self._db.execute("delete from effects")

    def note(self, topic: str, name: str, value: object) -> None:
        """Keeps a small fact (a token, a cursor, an idempotency key) across restarts."""
        self._db.execute("insert or replace into notes values (?, ?, ?)", (topic, name, encode(value).decode()))

    def noted(self, topic: str, name: str) -> Any:
        """The fact kept under this name, or None."""
        row = self._db.execute("select value from notes where topic = ? and name = ?", (topic, name)).fetchone()
        return decode(row[0]) if row else None

    def forget_notes(self, topic: str) -> None:
        """Drops all facts of a topic."""
        self._db.execute("delete from notes where topic = ?", (topic,))

    def _insert(self, collection: Collection, records: list[Record]) -> None:
        rows, lookups = [], []
        for record in records:
            key = collection.key_of(record[collection.id_field])
            stamp = collection.stamp_of(record)
            rows.append((key, stamp, int(collection.is_deleted(record)), encode(record).decode()))
            for lookup, value_of in collection.lookups.items():
                value = normalised(value_of(record))
                if value is not None:
                    lookups.append((collection.name, lookup, value, key))
        self._db.executemany(f"insert or replace into {collection.table} values (?, ?, ?, ?)", rows)
        lookups.sort(key=lambda row: row[:3])
        self._db.executemany("insert or ignore into lookups values (?, ?, ?, ?)", lookups)

    def _forget_lookups(self, collection: Collection, record_id: str) -> None:
        old = self.get(collection.name, record_id)
        if old is None:
            return
        key = collection.key_of(record_id)
        for lookup, value_of in collection.lookups.items():
            self._db.execute(
                "delete from lookups where collection = ? and field = ? and value = ? and key = ?",
                (collection.name, lookup, normalised(value_of(old)) or "", key),
            )

    def _note_effect(self, collection: Collection, record_id: str, operation: str, record: Record) -> None:
        content = {name: value for name, value in record.items() if name != collection.stamp_field}
        digest = hashlib.sha256(encode(content)).hexdigest()[:16]
        self._db.execute(
            "insert into effects (at, operation, collection, id, content) values (?, ?, ?, ?, ?)",
            (self.clock.tick(), operation, collection.name, record_id, digest),
        )
