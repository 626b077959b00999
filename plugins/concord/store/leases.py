"""Leases: one worker at a time acts under a name.

Each new holder gets a higher number, the fence. A worker whose lease ran out and was taken over finds a higher
fence in the table and writes nothing more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from concord.errors import TransientError
from concord.store.engine import PLANNER, Connection, Database

TERM = timedelta(minutes=3)  # how long a lease lasts unless it is kept

_ACQUIRE = """
insert into ops.leases as held (name, holder, fence, expires_at)
values (%(name)s, %(holder)s, 1, clock_timestamp() + %(term)s)
on conflict (name) do update
set holder = excluded.holder, fence = held.fence + 1, expires_at = excluded.expires_at
where held.expires_at < clock_timestamp() or held.holder = excluded.holder
returning fence
"""
_KEEP = """
update ops.leases set expires_at = clock_timestamp() + %(term)s
where name = %(name)s and fence = %(fence)s
"""
_RELEASE = "update ops.leases set expires_at = '-infinity' where name = %(name)s and fence = %(fence)s"
_WHO = "select holder, to_char(expires_at, 'HH24:MI:SS') from ops.leases where name = %s"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act under a name, until another worker is given a higher fence."""

    name: str
    fence: int

    def keep(self, connection: Connection) -> None:
        """Prolong the lease in the caller's transaction; raises `TransientError` when another worker took it over.

        The row stays locked until that transaction ends: until then no other worker can take the lease over.
        """
        values = {"name": self.name, "fence": self.fence, "term": TERM}
        if connection.execute(_KEEP, values).rowcount != 1:
            raise TransientError(
                f"Another worker took over {self.name}; this one stops and leaves the rest to it.",
                lease=self.name,
                fence=self.fence,
            )


def acquire(database: Database, name: str, holder: str) -> Lease:
    """Take a lease that is free, expired or held by `holder` already; `TransientError` while another holds it."""
    with database.transaction(PLANNER) as connection:
        values = {"name": name, "holder": holder, "term": TERM}
        row = connection.execute(_ACQUIRE, values).fetchone()
        if row is None:
            other = connection.execute(_WHO, (name,)).fetchone() or ("another worker", "soon")
            raise TransientError(
                f"{name} is held by {other[0]} until {other[1]} UTC; try again after that.", lease=name
            )
    return Lease(name, int(str(row[0])))


def release(database: Database, lease: Lease) -> None:
    """End the lease, so that others can take it at once; the fence is kept, so that the next one is higher."""
    with database.transaction(PLANNER) as connection:
        connection.execute(_RELEASE, {"name": lease.name, "fence": lease.fence})


@contextmanager
def hold_lease(database: Database, name: str, holder: str) -> Iterator[Lease]:
    """The lease for the length of a block; raises `TransientError` while another worker holds it."""
    lease = acquire(database, name, holder)
    try:
        yield lease
    finally:
        release(database, lease)
