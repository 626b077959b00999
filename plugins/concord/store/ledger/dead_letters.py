"""Dead letters: records that validation refused and changes that a target refused, kept until they are settled.

The id of a dead letter is made of the content that was refused: the same record opens the same letter again, and a
change with an open letter is not planned again until it is replayed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from concord.contract import Batch, Resource, System
from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.retention import read_retention
from concord.store.engine import Connection, Row, fetch_rows
from concord.store.ids import id_expression
from concord.store.tables import landing_table

# The records that were set aside when they were read, with the fields of what was not accepted.
SET_ASIDE = """
(
    select system, resource, record_key, fields from ops.dead_letters
    where state = 'open' and stage = 'validate' and record_key is not null
)
"""
_QUARANTINE = """
insert into ops.dead_letters as letter (
    dead_letter_id, stage, system, resource, record_key, error_class, message, batch_id, row_number, payload,
    fields
)
select distinct on (1)
    {letter_id},
    'validate', %(system)s, %(resource)s, judged.record_key,
    case when judged.breaks_contract then 'ContractViolationError' else 'ExpectationsFailedError' end,
    judged.reason, %(batch)s, judged.row_number, raw._payload,
    jsonb_strip_nulls(to_jsonb(raw) - %(left_out)s::text[])
from judged
join {landing} as raw on raw._batch_id = %(batch)s and raw._row = judged.row_number
where judged.disposition = 'quarantined'
order by 1, judged.row_number
on conflict (dead_letter_id) do update
set state = 'open', message = excluded.message, batch_id = excluded.batch_id,
    row_number = excluded.row_number, payload = excluded.payload, fields = excluded.fields,
    last_seen_at = clock_timestamp()
"""
_RESOLVE_VALIDATED = """
update ops.dead_letters as letter set state = 'resolved', last_seen_at = clock_timestamp()
from judged
where letter.stage = 'validate' and letter.state <> 'resolved'
    and letter.system = %(system)s and letter.resource = %(resource)s
    and judged.disposition = 'validated' and judged.record_key = letter.record_key
"""
_REJECTED = """
insert into ops.dead_letters as letter (
    dead_letter_id, stage, system, resource, record_key, error_class, message, change_id, payload
)
select {letter_id},
    'apply', plans.system, changes.resource, coalesce(changes.record_key, changes.entity_id),
    'ChangeRejectedError', changes.message, changes.change_id,
    jsonb_build_object('action', changes.action, 'before', changes.before, 'after', changes.after)::text
from ops.changes inner join ops.plans on plans.plan_id = changes.plan_id
where changes.change_id = any(%s) and changes.state = 'rejected'
order by changes.sequence
on conflict (dead_letter_id) do update
set state = 'open', message = excluded.message, change_id = excluded.change_id,
    attempts = letter.attempts + case when letter.change_id <> excluded.change_id then 1 else 0 end,
    last_seen_at = clock_timestamp()
"""
_CONFIRMED = """
update ops.dead_letters as letter set state = 'resolved', last_seen_at = clock_timestamp()
from ops.changes inner join ops.plans on plans.plan_id = changes.plan_id
where changes.change_id = any(%s) and changes.state = 'confirmed'
    and letter.dead_letter_id = {letter_id} and letter.state <> 'resolved'
"""
_COLUMNS: LiteralString = """
select dead_letter_id, stage, system, resource, record_key, error_class, message, attempts, state,
    batch_id, change_id, first_seen_at, last_seen_at, payload
from ops.dead_letters
"""
_LIST: LiteralString = f"""{_COLUMNS}
where (state = 'open' or %(everything)s) and (%(system)s::text is null or system = %(system)s)
order by system, resource, message, first_seen_at, dead_letter_id
"""
_NAMED: LiteralString = f"""{_COLUMNS}
where dead_letter_id = any(%s) order by system, resource, message, dead_letter_id
"""
_OPEN: LiteralString = """
select dead_letter_id, system, resource from ops.dead_letters
where state = 'open' and (%(system)s::text is null or system = %(system)s)
    and (%(resource)s::text is null or resource = %(resource)s)
order by system, resource, first_seen_at, dead_letter_id
"""
_BEGINNING: LiteralString = """
select dead_letter_id, system, resource from ops.dead_letters
where starts_with(dead_letter_id, %(name)s)
    or concat_ws('/', system, resource, record_key) = %(name)s
    or concat_ws('/', system, resource, regexp_replace(record_key, '^.*/', '')) = %(name)s
order by dead_letter_id limit 2
"""
_SUMS: LiteralString = """
select system, resource, stage, error_class, message as reason, count(*) as count, min(first_seen_at) as oldest_at
from ops.dead_letters
where state = 'open'
group by system, resource, stage, error_class, message
order by count(*) desc, system, resource, stage, message
"""
_NEW: LiteralString = """
select system, resource, count(*) as count, min(message) as message
from ops.dead_letters
where state = 'open' and first_seen_at > %s
group by system, resource
order by system, resource
"""


def rejection_id(*, system: sql.SQL, change: sql.SQL) -> sql.Composed:
    """SQL for the id of a refused change's dead letter, made of what the change says.

    `system` is an expression for the system's name, `change` the alias of a row with the columns of a change.
    """
    texts = ("resource", "entity_id", "action", "before::text", "after::text")
    columns = [sql.SQL("{}.{}").format(change, sql.SQL(text)) for text in texts]
    return id_expression(sql.Literal("apply"), system, *columns)


def quarantine_records(connection: Connection, batch: Batch) -> None:
    """Open a dead letter for each quarantined record of the batch; the same record's letter is opened again.

    The batch was judged before, in the same transaction (`dispositions.judge_records`).
    """
    parts = ("%(system)s::text", "%(resource)s::text", "judged.record_key", "judged.payload_hash")
    statement = sql.SQL(_QUARANTINE).format(
        letter_id=id_expression(sql.Literal("validate"), *map(sql.SQL, parts)),
        landing=landing_table(batch.system, batch.resource),
    )
    documents = [field.name for field in batch.resource.fields if field.is_document]
    left_out = ["_batch_id", "_row", "_fault", "_payload", "_landed_at", *documents]
    connection.execute(statement, {**_names(batch), "left_out": left_out})


def resolve_validated(connection: Connection, batch: Batch) -> None:
    """Resolve the dead letters of records of which this batch, judged before, brought a valid version."""
    connection.execute(_RESOLVE_VALIDATED, _names(batch))


def _names(batch: Batch) -> dict[str, object]:
    return {"system": batch.system.name, "resource": batch.resource.name, "batch": batch.batch_id}


def settle_changes(connection: Connection, change_ids: Sequence[str]) -> None:
    """Open a dead letter for each rejected change of these, resolve that of each confirmed one."""
    letter_id = rejection_id(system=sql.SQL("plans.system"), change=sql.SQL("changes"))
    for statement in (_REJECTED, _CONFIRMED):
        connection.execute(sql.SQL(statement).format(letter_id=letter_id), (list(change_ids),))


def find_dead_letter(connection: Connection, prefix: str) -> tuple[str, str, str]:
    """The id, system and resource of the one dead letter whose id begins so, or whose `system/resource/key` it is.

    The key may be whole, or what follows its last slash.

    Raises `ConfigurationError` when there is none, or more than one.
    """
    found = connection.execute(_BEGINNING, {"name": prefix}).fetchall()
    if len(found) > 1:
        raise ConfigurationError(f"More than one dead letter is {prefix!r}, or begins so; give more of its id.")
    if not found:
        raise ConfigurationError(
            f"There is no dead letter {prefix!r}; {COMMAND} dead-letters list --all shows those there are. "
            f"Closed ones are kept for {read_retention().dead_letters} nights."
        )
    letter_id, system, resource = (str(part) for part in found[0])
    return letter_id, system, resource


def choose_dead_letters(
    connection: Connection, prefixes: Sequence[str], *, system: str | None
) -> dict[tuple[str, str], list[str]]:
    """The ids of the dead letters that are meant, by system and resource; without prefixes all that are open.

    Raises `ConfigurationError` for a prefix that names none, several, or one of another system than `system`.
    """
    if prefixes:
        rows = list(dict.fromkeys(find_dead_letter(connection, prefix) for prefix in prefixes))
    else:
        rows = _find_open(connection, system=system)
    chosen: dict[tuple[str, str], list[str]] = {}
    for letter_id, owner, resource in rows:
        if system is not None and owner != system:
            raise ConfigurationError(f"Dead letter {letter_id} is of {owner}; do not ask for those of {system}.")
        chosen.setdefault((owner, resource), []).append(letter_id)
    return chosen


def list_open_ids(connection: Connection, system: System, resource: Resource) -> list[str]:
    """The ids of the resource's open dead letters, oldest first."""
    return [row[0] for row in _find_open(connection, system=system.name, resource=resource.name)]


def _find_open(
    connection: Connection, *, system: str | None, resource: str | None = None
) -> list[tuple[str, str, str]]:
    rows = connection.execute(_OPEN, {"system": system, "resource": resource}).fetchall()
    return [(str(row[0]), str(row[1]), str(row[2])) for row in rows]


def list_dead_letters(connection: Connection, *, system: str | None, is_all: bool) -> list[Row]:
    """The dead letters of one system or of all, open ones or also the others; those of one reason together.

    The columns are those of the table, without `row_number` and `fields`.
    """
    return fetch_rows(connection, _LIST, {"everything": is_all, "system": system})


def read_dead_letters(connection: Connection, dead_letter_ids: Sequence[str]) -> list[Row]:
    """These dead letters as they stand now, with the columns and in the order of `list_dead_letters`."""
    return fetch_rows(connection, _NAMED, (list(dead_letter_ids),))


def sum_open(connection: Connection) -> list[Row]:
    """Open dead letters by reason, the most frequent first.

    Columns: system, resource, stage, error_class, reason, count, oldest_at.
    """
    return fetch_rows(connection, _SUMS)


def sum_new(connection: Connection, since: datetime) -> list[Row]:
    """Open dead letters first seen after a moment, by system and resource: count, and the message of one."""
    return fetch_rows(connection, _NEW, (since,))
