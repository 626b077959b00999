"""Every hop of one record through Concord, in the order of time: read, judged, identified, planned, written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from concord.contract import Resource, System
from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.store.engine import PLANNER, Connection, Database, fetch_value
from concord.store.ledger.record_history import find_keys, list_events, read_held
from concord.store.ledger.retention import find_kept_since
from concord.store.tables import table_name

# What a trace lacks where a part was dropped.
_DROPPED = {"dispositions": "readings", "journal": "writes", "dead_letters": "closed dead letters"}


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that happened to a record; `batch_or_plan` is the id under which the ledger knows it."""

    at: datetime | None
    stage: str
    what: str
    batch_or_plan: str
    detail: str


def trace(database: Database, *, system: System, key: str) -> list[Hop]:
    """All hops of the records with this key, oldest first; what is held of them now comes last."""
    with database.transaction(PLANNER) as connection:
        events = list_events(connection, system, key)
        held = [
            (row[0], row[1], f"{row[2]} in {resource.name}", *row[3:])
            for resource in system.resources
            if _is_stored(connection, system, resource)
            for row in read_held(connection, system, resource, key)
        ]
    ordered = sorted((_as_hop(row) for row in events), key=_moment)
    return [*ordered, *(_as_hop(row) for row in held)]


def say_dropped(database: Database) -> str:
    """Up to when the hops of records may be gone, empty where nothing was dropped."""
    with database.transaction(PLANNER) as connection:
        since = {what: find_kept_since(connection, part) for part, what in _DROPPED.items()}
    gone = [f"{what} before {moment:%Y-%m-%d}" for what, moment in since.items() if moment]
    return f"No longer kept: {', '.join(gone)}." if gone else ""


def resolve_key(database: Database, *, system: System, text: str) -> str:
    """The key that a person means, typed as Concord or the vendor shows it; `system/resource/key` as well.

    Raises `ConfigurationError` when no record is known by it, or several are.
    """
    resources, typed = _without_names(system, text.strip().strip("'\"`"))
    part = system.common_key(typed)
    with database.transaction(PLANNER) as connection:
        if list_events(connection, system, typed):
            return typed
        stored = [resource for resource in resources if _is_stored(connection, system, resource)]
        keys = find_keys(connection, system, stored, part) if part else []
    if typed in keys or len(keys) == 1:
        return typed if typed in keys else keys[0]
    if keys:
        raise ConfigurationError(f"{text!r} may be {' or '.join(keys[:5])} in {system.name}; give one of them.")
    raise ConfigurationError(
        f"Nothing is known of {text!r} in {system.name}; give a key as {system.title} or {COMMAND} shows it. "
        f"{say_dropped(database)}".rstrip()
    )


def _without_names(system: System, text: str) -> tuple[Sequence[Resource], str]:
    """The resources that a key may be of, and the key without the names of its system and resource."""
    rest = text.removeprefix(f"{system.name}/")
    for resource in system.resources:
        if rest.startswith(f"{resource.name}/"):
            return (resource,), rest.removeprefix(f"{resource.name}/")
    return system.resources, rest


def _is_stored(connection: Connection, system: System, resource: Resource) -> bool:
    name = f"validated.{table_name(system, resource)}"
    return fetch_value(connection, "select to_regclass(%s)", (name,)) is not None


def _as_hop(row: tuple[object, ...]) -> Hop:
    at, stage, what, reference, detail = row
    moment = at if isinstance(at, datetime) else None
    return Hop(moment, str(stage), str(what), str(reference or ""), str(detail or ""))


def _moment(hop: Hop) -> tuple[float, int]:
    order = ("extract", "validate", "dead letter", "identify", "plan", "apply", "verify").index(hop.stage)
    return (hop.at.timestamp() if hop.at else float("-inf"), order)
