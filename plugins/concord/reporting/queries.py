"""Reads what a report says, all of it in one transaction, so that its numbers fit together."""

from datetime import UTC, datetime, timedelta
from typing import LiteralString

from concord.errors import ConfigurationError
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
from concord.store.engine import PLANNER, Connection, Database, fetch_rows, fetch_texts, fetch_value
from concord.store.ledger import batches, dead_letters, plans

# A report covers the time since the night before it, but not more than this.
NIGHT = timedelta(hours=24)
DISCREPANCIES = "marts.reconciliation_discrepancies"
REVIEWS = "marts.identity_reviews"
DECISIONS = "marts.identity_decisions"

_UNKNOWN_DECIDED: LiteralString = """
    select distinct named.system || ' ' || named.key
    from marts.identity_decisions as decided
    cross join lateral (
        values (decided.left_system, decided.left_key), (decided.right_system, decided.right_key)
    ) as named (system, key)
    where not exists (
        select from ops.identities as known
        where known.entity = 'customer' and known.system = named.system and known.record_key = named.key
    )
    order by 1
"""
_LATEST_RUN = "select run_id from ops.agreement where phase = 'before' order by measured_at desc limit 1"
_NEWEST_RUNS: LiteralString = """
    select run_id from ops.agreement where phase = 'before'
    group by run_id order by max(measured_at) desc limit 5
"""
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
_CALLS: LiteralString = """
    select
        system, purpose, sum(calls)::bigint as calls, sum(retries)::bigint as retries,
        sum(bytes_received)::bigint as bytes_received,
        make_interval(secs => sum(waited_seconds)::double precision) as waited
    from ops.api_calls
    where happened_at >= %s and happened_at < %s
    group by system, purpose
    order by system, purpose
"""
_FAILED_NODES: LiteralString = """
    select node_id, state, failures, coalesce(message, '') as message
    from ops.dbt_results
    where run_id = %s and state not in ('success', 'pass', 'skipped', 'no-op', 'warn')
    order by node_id
"""


def find_newest_run(database: Database) -> str | None:
    """The run whose reconciliation is the newest, None before the first; the report of its night has its id."""
    with database.transaction(PLANNER) as connection:
        return _find_newest_run(connection)


def _find_newest_run(connection: Connection) -> str | None:
    found = fetch_value(connection, _LATEST_RUN)
    return None if found is None else str(found)


def refuse_unknown_run(database: Database, run_id: str) -> None:
    """Raise ConfigurationError for a run that has compared nothing, naming the newest ones that have."""
    with database.transaction(PLANNER) as connection:
        if fetch_value(connection, _STARTED_AT, (run_id,)) is None:
            newest = ", ".join(fetch_texts(connection, _NEWEST_RUNS))
            raise ConfigurationError(
                f"There is no run {run_id!r} of reconcile that compared anything"
                + (
                    f"; the newest ones are {newest}."
                    if newest
                    else " yet; there is a report after the first night."
                ),
                run=run_id,
            )


def read_report(database: Database, run_id: str | None = None) -> Report:
    """The report of one run, or of the newest one; before the first night it is empty."""
    with database.transaction(PLANNER) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        run = run_id or _find_newest_run(connection)
        now = datetime.now(UTC)
        since = _begin_of_night(connection, run, now)
        until = fetch_value(connection, _ENDED_AT, {"run": run}) or now
        return Report(
            run_id=run,
            made_at=now,
            since_at=since,
            agreement=_read_agreement(connection, run),
            discrepancies=_read_discrepancies(connection),
            dead_letters=tuple(DeadLetterLine(**row) for row in dead_letters.sum_open(connection)),
            plans=tuple(
                PlanLine(**row) for row in plans.list_of_night(connection, run_id=run, since=since, until=until)
            ),
            batches=tuple(BatchLine(**row) for row in batches.sum_batches(connection, since, until)),
            gaps=tuple(Gap(**row) for row in batches.list_gaps(connection)),
            calls=tuple(CallLine(**row) for row in fetch_rows(connection, _CALLS, (since, until))),
            failed_nodes=tuple(FailedNode(**row) for row in fetch_rows(connection, _FAILED_NODES, (run,))),
            reviews=_count_reviews(connection),
            unknown_decided=_read_unknown_decided(connection),
        )


def _begin_of_night(connection: Connection, run: str | None, now: datetime) -> datetime:
    started = fetch_value(connection, _STARTED_AT, (run,))
    begin = started if isinstance(started, datetime) else now
    previous = fetch_value(connection, _PREVIOUS_AT, (run, begin))
    earliest = begin - NIGHT
    return max(previous, earliest) if isinstance(previous, datetime) else earliest


def _read_agreement(connection: Connection, run: str | None) -> tuple[AgreementLine, ...]:
    return tuple(
        AgreementLine(
            entity=row["entity"],
            field=row["field"],
            left_system=row["left_system"],
            right_system=row["right_system"],
            before=_share(row["compared_before"], row["agreed_before"]),
            after=_share(row["compared_after"], row["agreed_after"]),
        )
        for row in fetch_rows(connection, _AGREEMENT, (run,))
    )


def _read_discrepancies(connection: Connection) -> tuple[DiscrepancyLine, ...]:
    if not _exists(connection, DISCREPANCIES):
        return ()
    return tuple(DiscrepancyLine(**row) for row in fetch_rows(connection, _DISCREPANCIES))


def _count_reviews(connection: Connection) -> int:
    if not _exists(connection, REVIEWS):
        return 0
    return int(fetch_value(connection, "select count(*) from marts.identity_reviews"))


def _read_unknown_decided(connection: Connection) -> tuple[str, ...]:
    return tuple(fetch_texts(connection, _UNKNOWN_DECIDED)) if _exists(connection, DECISIONS) else ()


def _exists(connection: Connection, relation: str) -> bool:
    return fetch_value(connection, "select to_regclass(%s)", (relation,)) is not None


def _share(compared: int | None, agreed: int | None) -> Share | None:
    return None if compared is None or agreed is None else Share(compared, agreed)
