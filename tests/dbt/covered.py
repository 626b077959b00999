"""Systems of which all resources were read, also those of which the world has no record."""

from collections.abc import Iterable

import psycopg

from concord.contract import System
from concord.store.engine import Database

_COVERED = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
values (%s, %s, %s, 'window', tstzrange(null, null), 'covered') on conflict do nothing
"""


def cover_all(database: Database, systems: Iterable[System]) -> None:
    """Let all resources of these systems be read since ever."""
    with psycopg.connect(database.url) as connection:
        for system in systems:
            for resource in system.resources:
                name = f"{system.name}__{resource.name}"
                connection.execute(_COVERED, (name, system.name, resource.name))
