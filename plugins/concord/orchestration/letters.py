"""The task that gives dead letters another chance, resource by resource."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from concord import registry
from concord.errors import BatchError, ConfigurationError, PermanentError
from concord.orchestration.defaults import find_connection, installation, spoken
from concord.settings import Settings
from concord.stages.lookups import choose_letters
from concord.stages.replay import Letters, ReplayCounts, read_again, replay_dead_letters
from concord.stages.sessions import open_session
from concord.store.engine import Database

log = logging.getLogger(__name__)


@spoken()
def replay(params: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    """Judge dead letters again; a resource that cannot be replayed does not keep the others from it."""
    settings, database = installation()
    chosen = choose_letters(database, params["dead_letter_ids"], system=params["system"])
    counts: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for (name, resource), ids in chosen.items():
        try:
            owner = registry.system(name)
            letters = Letters(owner, owner.resource(resource), tuple(ids))
            judged = _judge(settings, database, letters, reading=run_id if params["read"] else None)
            counts[f"{name} {resource}"] = asdict(judged)
        except (BatchError, ConfigurationError, PermanentError) as error:
            refused[f"{name} {resource}"] = error.message
    log.info("replayed: %s", counts)
    if refused:
        reasons = "; ".join(f"{place}: {reason}" for place, reason in refused.items())
        raise BatchError(f"Not replayed: {reasons} The others were. Correct the cause and replay again.")
    return counts


def _judge(settings: Settings, database: Database, letters: Letters, *, reading: str | None) -> ReplayCounts:
    system, resource = letters.system, letters.resource
    if reading is None:
        return replay_dead_letters(
            database,
            system=system,
            resource=resource,
            dead_letter_ids=letters.ids,
            suites=settings.expectations,
        )
    connection = find_connection(system.connection)
    with open_session(system, connection, database, purpose="replay", reference=resource.name) as session:
        return read_again(database, session, letters, reference=reading, suites=settings.expectations)
