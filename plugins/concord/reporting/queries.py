"""Reads a report from the books. All of it in one transaction, so that its numbers fit together."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString, TypeVar

from psycopg.rows import class_row, dict_row

from concord.reporting.model import (
    AgreementLine,
    BatchLine,
    CallLine,
    DeadLetterLine,
    DiscrepancyLine,
    FailedNode,
    Gap,
    PlanLine,
    Report,
    Share,
)
from concord.store.engine import PLANNER, Connection, Database

Line = TypeVar("Line")
Values = Mapping[str, object] | Sequence[object]

# A night is looked at from the one before it, but from no longer ago than this.
NIGHT = timedelta(hours=24)
DISCREPANCIES = "marts.reconciliation_discrepancies"
REVIEWS = "marts.identity_reviews"

_LATEST_RUN = "select run_id from ops.agreement where phase = 'before' order by measured_at desc limit 1"
_STARTED_AT = "select min(measured_at) from ops.agreement where run_id = %s and phase = 'before'"
_PREVIOUS_AT = "select max(measured_at) from ops.agreement where run_id <> %s and measured_at < %s"
_ENDED_AT: LiteralString = """
    select max(measured_at)
    from ops.agreement as mine
    where run_id = %(run)s and exists (
        select 1 from ops.agreement as newer
        where newer.phase = 'before' and newer.run_id <> %(run)s and newer.measured_at > mine.measured_at
    )
"""
_AGREEMENT: LiteralString = """
    select
        entity, field, left_system, right_system,
        max(compared) filter (where phase = 'before') as compared_before,
        max(agreed) filter (where phase = 'before') as agreed_before,
        max(compared) filter (where phase = 'after') as compared_after,
        max(agreed) filter (where phase = 'after') as agreed_after
    from ops.agreement
    where run_id = %s
    group by entity, field, left_system, right_system
    order by entity, field, left_system, right_system
"""
_DISCREPANCIES: LiteralString = """
    select entity, field, system, cause, owner, count(*) as count, min(since_at) as oldest_at
    from marts.reconciliation_discrepancies
    group by entity, field, system, cause, owner
    order by count(*) desc, entity, field, system, cause
"""
_DEAD_LETTERS: LiteralString = """
    select
        system, resource, stage, error_class, message as reason,
        count(*) as count, min(first_seen_at) as oldest_at
    from ops.dead_letters
    where state = 'open'
    group by system, resource, stage, error_class, message
    order by count(*) desc, system, resource, stage, message
"""
_PLANS: LiteralString = """
    select
        plan_id, system, purpose, state, needs_approval, approval_reason, approved_by, planned,
        confirmed, rejected, conflicted, unknown, held, created_at,
        (select count(*) from ops.changes as change
         where change.plan_id = plan.plan_id and change.is_verified) as verified
    from ops.plans as plan
    where created_at < %(until)s
        and (run_id = %(run)s or created_at >= %(since)s or (state = 'planned' and planned > 0))
    order by created_at, system, plan_id
"""
_BATCHES: LiteralString = """
    select
        batch.system, batch.resource, count(*) as batches,
        count(*) filter (where state = 'refused') as refused,
        coalesce(sum(received) filter (where state = 'covered'), 0)::bigint as received,
        coalesce(sum(validated) filter (where state = 'covered'), 0)::bigint as validated,
        coalesce(sum(quarantined) filter (where state = 'covered'), 0)::bigint as quarantined,
        coalesce(sum(repeated) filter (where state = 'covered'), 0)::bigint as repeated,
        max(upper(covered_window)) filter (where state = 'covered' and purpose = 'window') as covered_until,
        max(reason) filter (where state = 'refused') as refusal
    from ops.batches as batch
    where landed_at >= %(since)s and landed_at < %(until)s and purpose <> 'read_back'
    group by batch.system, batch.resource
    order by batch.system, batch.resource
"""
_GAPS: LiteralString = """
    select system, resource, lower(missing_window) as start, upper(missing_window) as end
    from ops.coverage_gaps
    order by system, resource, 3
"""
_CALLS: LiteralString = """
    select
        system, purpose, sum(calls)::bigint as calls, sum(retries)::bigint as retries,
        sum(bytes_received)::bigint as bytes_received,
        make_interval(secs => sum(waited_seconds)::double precision) as waited
    from ops.api_calls
    where happened_at >= %(since)s and happened_at < %(until)s
    group by system, purpose
    order by system, purpose
"""
_FAILED_NODES: LiteralString = """
    select node_id, state, failures, coalesce(message, '') as message
    from ops.dbt_results
    where run_id = %s and state not in ('success', 'pass', 'skipped', 'no-op', 'warn')
    order by node_id
"""


def read_report(database: Database, run_id: str | None = None) -> Report:
    """The books of one run, or of the newest one; before the first night the report is empty."""
    with database.transaction(PLANNER) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        run = run_id or _text(fetch_value(connection, _LATEST_RUN))
        now = datetime.now(UTC)
        since = _begin_of_night(connection, run, now)
        ended = fetch_value(connection, _ENDED_AT, {"run": run})
        span = {"run": run, "since": since, "until": ended if isinstance(ended, datetime) else now}
        return Report(
            run_id=run,
            made_at=now,
            since_at=since,
            agreement=_read_agreement(connection, run),
            discrepancies=_read_discrepancies(connection),
            dead_letters=_read(connection, DeadLetterLine, _DEAD_LETTERS),
            plans=_read(connection, PlanLine, _PLANS, span),
            batches=_read(connection, BatchLine, _BATCHES, span),
            gaps=_read(connection, Gap, _GAPS),
            calls=_read(connection, CallLine, _CALLS, span),
            failed_nodes=_read(connection, FailedNode, _FAILED_NODES, (run,)),
            reviews=_count_reviews(connection),
        )


def _begin_of_night(connection: Connection, run: str | None, now: datetime) -> datetime:
    started = fetch_value(connection, _STARTED_AT, (run,))
    begin = started if isinstance(started, datetime) else now
    previous = fetch_value(connection, _PREVIOUS_AT, (run, begin))
    earliest = begin - NIGHT
    return max(previous, earliest) if isinstance(previous, datetime) else earliest


def _read(connection: Connection, kind: type[Line], query: LiteralString, values: Values = ()) -> tuple[Line, ...]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return tuple(cursor.execute(query, values).fetchall())


def _read_agreement(connection: Connection, run: str | None) -> tuple[AgreementLine, ...]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return tuple(
            AgreementLine(
                entity=row["entity"],
                field=row["field"],
                left_system=row["left_system"],
                right_system=row["right_system"],
                before=_share(row["compared_before"], row["agreed_before"]),
                after=_share(row["compared_after"], row["agreed_after"]),
            )
            for row in cursor.execute(_AGREEMENT, (run,))
        )


def _read_discrepancies(connection: Connection) -> tuple[DiscrepancyLine, ...]:
    if not _exists(connection, DISCREPANCIES):
        return ()
    return _read(connection, DiscrepancyLine, _DISCREPANCIES)


def _count_reviews(connection: Connection) -> int:
    if not _exists(connection, REVIEWS):
        return 0
    return int(str(fetch_value(connection, "select count(*) from marts.identity_reviews")))


def fetch_value(connection: Connection, query: LiteralString, values: Values = ()) -> object:
    """The first column of the first row, None when there is no row."""
    row = connection.execute(query, values).fetchone()
    return None if row is None else row[0]


def _exists(connection: Connection, relation: str) -> bool:
    return fetch_value(connection, "select to_regclass(%s)", (relation,)) is not None


def _share(compared: int | None, agreed: int | None) -> Share | None:
    return None if compared is None or agreed is None else Share(compared, agreed)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
