"""The task of replay: dead letters are judged again, resource by resource."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from concord import registry
from concord.errors import BatchError, ConfigurationError, PermanentError
from concord.orchestration.defaults import find_connection, installation
from concord.orchestration.task_errors import log_errors
from concord.settings import Settings
from concord.stages.replay.replay_dead_letters import (
    DeadLetters,
    ReplayCounts,
    replay_current_records,
    replay_kept_payloads,
)
from concord.stages.sessions import open_session
from concord.store.engine import PLANNER, Database
from concord.store.ledger.dead_letters import choose_dead_letters

log = logging.getLogger(__name__)


@log_errors()
def replay(params: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    """Judge dead letters again; a resource that cannot be replayed does not keep the others from it."""
    settings, database = installation()
    with database.transaction(PLANNER) as connection:
        chosen = choose_dead_letters(connection, params["dead_letter_ids"], system=params["system"])
    counts: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for (name, resource), ids in chosen.items():
        try:
            owner = registry.system(name)
            letters = DeadLetters(owner, owner.resource(resource), tuple(ids))
            judged = _judge(settings, database, letters, reading=run_id if params["read"] else None)
            counts[f"{name} {resource}"] = asdict(judged)
        except (BatchError, ConfigurationError, PermanentError) as error:
            refused[f"{name} {resource}"] = error.message
    log.info("replayed: %s", counts)
    if refused:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise BatchError(f"Not replayed: {reasons} The others were. Correct the cause and replay again.")
    return counts


def _judge(settings: Settings, database: Database, letters: DeadLetters, *, reading: str | None) -> ReplayCounts:
    """Judge the kept payloads, or the records read anew on behalf of the run `reading`."""
    if reading is None:
        return replay_kept_payloads(database, letters, suites=settings.expectations)
    system, reference = letters.system, letters.resource.name
    connection = find_connection(system.connection)
    with open_session(system, connection, database, purpose="replay", reference=reference) as session:
        return replay_current_records(database, session, letters, reference=reading, suites=settings.expectations)
