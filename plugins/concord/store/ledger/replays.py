"""What a replay does to dead letters: they are handed out, judged again and brought to an end."""

from collections.abc import Sequence
from dataclasses import dataclass

from concord.contract import Resource, System
from concord.store.engine import Connection, fetch_texts

_PAYLOADS = """
select dead_letter_id, payload from ops.dead_letters
where dead_letter_id = any(%s) and stage = 'validate' and system = %s and resource = %s
    and state <> 'resolved' and payload is not null
order by dead_letter_id
for update
"""
_KEYS = """
select dead_letter_id, record_key from ops.dead_letters
where dead_letter_id = any(%s) and stage = 'validate' and system = %s and resource = %s
    and state <> 'resolved' and record_key is not null
order by dead_letter_id
"""
_REPLAYED = """
update ops.dead_letters set state = 'replayed', attempts = attempts + 1, last_seen_at = clock_timestamp()
where dead_letter_id = any(%s) and state = 'open'
"""
_RELEASE = """
update ops.dead_letters set state = 'replayed', last_seen_at = clock_timestamp()
where dead_letter_id = any(%s) and stage = 'apply' and system = %s and resource = %s and state = 'open'
"""
# A payload that is older than the version that is held is repeated; that resolves its letter, too.
_CONCLUDE = """
update ops.dead_letters as letter
set state = case judged.disposition when 'quarantined' then 'open' else 'resolved' end,
    message = coalesce(judged.reason, letter.message), last_seen_at = clock_timestamp()
from unnest(%(letters)s::text[]) with ordinality as named (dead_letter_id, number)
inner join ops.dispositions as judged on judged.batch_id = %(batch)s and judged.row_number = named.number - 1
where letter.dead_letter_id = named.dead_letter_id and letter.state <> 'resolved'
returning letter.state
"""
# Validation has resolved the letters of valid records; that of a record that is still bad, or gone, stays open.
_TRIED = """
update ops.dead_letters set attempts = attempts + 1, last_seen_at = clock_timestamp(),
    state = case state when 'resolved' then 'resolved' else 'open' end
where dead_letter_id = any(%s)
returning state
"""


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Some dead letters of one resource, by id; ids may repeat."""

    system: System
    resource: Resource
    ids: tuple[str, ...]


def release_changes(connection: Connection, letters: DeadLetters) -> int:
    """Let the next plan contain the refused changes among these again; returns how many letters were open."""
    return connection.execute(_RELEASE, _values(letters)).rowcount


def take_payloads(connection: Connection, letters: DeadLetters) -> dict[str, str]:
    """Mark those that validation refused as replayed; returns their payloads by id, in the order of the ids.

    Resolved ones and those without a payload are left out. They are locked until the transaction ends.
    """
    payloads = {str(row[0]): str(row[1]) for row in connection.execute(_PAYLOADS, _values(letters))}
    connection.execute(_REPLAYED, (list(payloads),))
    return payloads


def find_keys(connection: Connection, letters: DeadLetters) -> dict[str, str]:
    """The record keys of the unresolved ones that validation refused, by letter id, in the order of the ids."""
    return {str(row[0]): str(row[1]) for row in connection.execute(_KEYS, _values(letters))}


def conclude_replay(connection: Connection, dead_letter_ids: Sequence[str], batch_id: str) -> int:
    """Bring each letter to the end that its payload came to; returns how many are still open.

    The batch holds the payloads of these letters as its rows, in the same order.
    """
    values = {"letters": list(dead_letter_ids), "batch": batch_id}
    return fetch_texts(connection, _CONCLUDE, values).count("open")


def count_attempt(connection: Connection, dead_letter_ids: Sequence[str]) -> int:
    """Count an attempt for letters whose records were read and validated; returns how many are still open."""
    return fetch_texts(connection, _TRIED, (list(dead_letter_ids),)).count("open")


def _values(letters: DeadLetters) -> tuple[object, ...]:
    return list(letters.ids), letters.system.name, letters.resource.name
