"""Sends dead letters back into the stage that refused them; doing it again has no further effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from concord.contract import Batch, Lookup, Resource, Session, System
from concord.failpoints import failpoint
from concord.stages.extract import begin_batch, extract_matching, land_pages
from concord.stages.validate import validate_batch
from concord.store.dead_letters import release_changes
from concord.store.engine import LOADER, PLANNER, Connection, Database
from concord.store.ids import derive_id

_REFUSED = """
select dead_letter_id, payload from ops.dead_letters
where dead_letter_id = any(%s) and stage = 'validate' and system = %s and resource = %s
    and state <> 'resolved' and payload is not null
order by dead_letter_id
for update
"""
_REPLAYED = """
update ops.dead_letters set state = 'replayed', attempts = attempts + 1, last_seen_at = clock_timestamp()
where dead_letter_id = any(%s) and state = 'open'
"""
# A letter comes to the end that its payload came to; an older version of what is held is settled too.
_CONCLUDE = """
update ops.dead_letters as letter
set state = case judged.disposition when 'quarantined' then 'open' else 'resolved' end,
    message = coalesce(judged.reason, letter.message), last_seen_at = clock_timestamp()
from unnest(%(letters)s::text[]) with ordinality as named (dead_letter_id, place)
inner join ops.dispositions as judged on judged.batch_id = %(batch)s and judged.row_number = named.place - 1
where letter.dead_letter_id = named.dead_letter_id and letter.state <> 'resolved'
returning letter.state
"""
_UNSETTLED = """
select dead_letter_id, record_key from ops.dead_letters
where dead_letter_id = any(%s) and stage = 'validate' and system = %s and resource = %s
    and state <> 'resolved' and record_key is not null
order by dead_letter_id
"""
# What validation settled is left as it is; a record that is still bad, or gone, leaves its letter open.
_TRIED = """
update ops.dead_letters set attempts = attempts + 1, last_seen_at = clock_timestamp(),
    state = case state when 'resolved' then 'resolved' else 'open' end
where dead_letter_id = any(%s)
returning state
"""


@dataclass(frozen=True, slots=True)
class Letters:
    """The dead letters of one resource."""

    system: System
    resource: Resource
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplayCounts:
    """Letters judged again, those that passed, those still refused, and refused changes for the next plan."""

    replayed: int
    resolved: int
    refused: int
    released: int


def replay_dead_letters(
    database: Database,
    *,
    system: System,
    resource: Resource,
    dead_letter_ids: Sequence[str],
    suites: Path,
) -> ReplayCounts:
    """Judge the payloads of these letters again, and let the next plan contain these refused changes again.

    Letters that are resolved are left alone. A payload older than what is held never overwrites it.
    """
    with database.transaction(PLANNER) as connection:
        released = release_changes(connection, dead_letter_ids, system=system.name, resource=resource.name)
    with database.transaction(LOADER) as connection:
        batch, letters = _land_letters(connection, system, resource, sorted(set(dead_letter_ids)))
    failpoint("replay.after_landing")
    if not letters:
        return ReplayCounts(0, 0, 0, released)
    validate_batch(database, system=system, resource=resource, batch_id=batch.batch_id, suites=suites)
    failpoint("replay.after_validation")
    with database.transaction(LOADER) as connection:
        rows = connection.execute(_CONCLUDE, {"letters": letters, "batch": batch.batch_id}).fetchall()
    still = sum(row[0] == "open" for row in rows)
    return ReplayCounts(len(letters), len(letters) - still, still, released)


def read_again(
    database: Database, session: Session, letters: Letters, *, reference: str, suites: Path
) -> ReplayCounts:
    """Judge the records of these letters as their system has them now, instead of the payloads that were kept.

    `reference` names the batch, so that a step that is tried again replaces what it read before.
    """
    system, resource = letters.system, letters.resource
    with database.transaction(PLANNER) as connection:
        released = release_changes(connection, letters.ids, system=system.name, resource=resource.name)
        found = connection.execute(_UNSETTLED, (list(letters.ids), system.name, resource.name)).fetchall()
    if not found:
        return ReplayCounts(0, 0, 0, released)
    keys = list(dict.fromkeys(str(row[1]) for row in found))
    lookup = Lookup(name=resource.key, values=keys, reference=reference)
    batch = extract_matching(database, session, system=system, resource=resource, lookup=lookup)
    validate_batch(database, system=system, resource=resource, batch_id=batch, suites=suites)
    with database.transaction(LOADER) as connection:
        rows = connection.execute(_TRIED, ([str(row[0]) for row in found],)).fetchall()
    still = sum(row[0] == "open" for row in rows)
    return ReplayCounts(len(rows), len(rows) - still, still, released)


def _land_letters(
    connection: Connection, system: System, resource: Resource, named: Sequence[str]
) -> tuple[Batch, list[str]]:
    """Land the payloads in the order of their letters; a batch is what it holds, so none replaces another."""
    rows = connection.execute(_REFUSED, (list(named), system.name, resource.name)).fetchall()
    letters = [str(row[0]) for row in rows]
    batch = Batch(system, resource, derive_id("replay", system.name, resource.name, *letters))
    if letters:
        connection.execute(_REPLAYED, (letters,))
        begin_batch(connection, batch, purpose="replay", window=None)
        land_pages(connection, batch, [[msgspec.Raw(str(row[1]).encode()) for row in rows]])
    return batch, letters
