"""Sends dead letters back into the step that refused them; doing it again has no further effect."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from concord.contract import Batch, Lookup, Session
from concord.failpoints import failpoint
from concord.stages.extract.landing import begin_batch, land_pages
from concord.stages.extract.read_window import extract_matching
from concord.stages.validate.judge import validate_batch
from concord.store.engine import LOADER, PLANNER, Connection, Database
from concord.store.ids import derive_id
from concord.store.ledger.replays import (
    DeadLetters,
    conclude_replay,
    count_attempt,
    find_keys,
    release_changes,
    take_payloads,
)

__all__ = ["DeadLetters", "ReplayCounts", "replay_current_records", "replay_kept_payloads"]


@dataclass(frozen=True, slots=True)
class ReplayCounts:
    """Dead letters judged again, those that passed, those still refused, and refused changes for the next plan."""

    replayed: int
    resolved: int
    refused: int
    released: int


def replay_kept_payloads(database: Database, letters: DeadLetters, *, suites: Path) -> ReplayCounts:
    """Judge the payloads kept with the dead letters again; the next plan may contain the refused changes again.

    Resolved ones are left as they are. A payload older than the version that is held never overwrites it.
    `suites` is the folder of the expectations.
    """
    with database.transaction(PLANNER) as connection:
        released = release_changes(connection, letters)
    with database.transaction(LOADER) as connection:
        batch, landed = _land_payloads(connection, letters)
    failpoint("replay.after_landing")
    if not landed:
        return ReplayCounts(0, 0, 0, released)
    validate_batch(database, system=batch.system, resource=batch.resource, batch_id=batch.batch_id, suites=suites)
    failpoint("replay.after_validation")
    with database.transaction(LOADER) as connection:
        refused = conclude_replay(connection, landed, batch.batch_id)
    return ReplayCounts(len(landed), len(landed) - refused, refused, released)


def _land_payloads(connection: Connection, letters: DeadLetters) -> tuple[Batch, list[str]]:
    """Land the payloads as one batch, and return it with the letters' ids in the order of its rows.

    The batch's id is made of the letters' ids, so that another choice of letters does not replace it.
    """
    system, resource = letters.system, letters.resource
    payloads = take_payloads(connection, letters)
    batch = Batch(system, resource, derive_id("replay", system.name, resource.name, *payloads))
    if payloads:
        begin_batch(connection, batch, purpose="replay", window=None)
        land_pages(connection, batch, [[msgspec.Raw(payload.encode()) for payload in payloads.values()]])
    return batch, list(payloads)


def replay_current_records(
    database: Database, session: Session, letters: DeadLetters, *, reference: str, suites: Path
) -> ReplayCounts:
    """Read the dead letters' records as their system has them now, and judge these instead of the kept payloads.

    `reference` names the batch, so that a step that is tried again replaces what it read before. Raises the errors
    of the session.
    """
    system, resource = letters.system, letters.resource
    with database.transaction(PLANNER) as connection:
        released = release_changes(connection, letters)
        keys = find_keys(connection, letters)
    if not keys:
        return ReplayCounts(0, 0, 0, released)
    lookup = Lookup(name=resource.key, values=list(dict.fromkeys(keys.values())), reference=reference)
    batch_id = extract_matching(database, session, system=system, resource=resource, lookup=lookup)
    validate_batch(database, system=system, resource=resource, batch_id=batch_id, suites=suites)
    with database.transaction(LOADER) as connection:
        refused = count_attempt(connection, list(keys))
    return ReplayCounts(len(keys), len(keys) - refused, refused, released)
