"""Says what is wrong with the nights, one sentence per alarm; an empty list is a quiet night.

Each check reads the ledger over an open connection and answers with plain values. What an alarm means and
how it is cured is in the runbook under its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from concord.contract import ChangedBetween, System

Connection = psycopg.Connection[tuple[Any, ...]]

SETTLING = timedelta(hours=2)
DROP_LIMIT = 0.005
PATIENCE = timedelta(hours=24)
NOTICE = timedelta(days=90)

_NEWEST = """
select
    system,
    resource,
    max(upper(covered_window)) filter (where state = 'covered') as covered_until,
    (array_agg(state order by upper(covered_window) desc, landed_at desc))[1] as state,
    (array_agg(reason order by upper(covered_window) desc, landed_at desc))[1] as reason
from ops.batches
where purpose = 'window'
group by system, resource
"""
_GAPS = "select system, resource, lower(missing_window), upper(missing_window) from ops.coverage_gaps"
_DEAD_LETTERS = """
select system, resource, count(*), min(message)
from ops.dead_letters
where state = 'open' and first_seen_at > %s
group by system, resource
order by system, resource
"""
_UNSETTLED = """
select
    plans.system,
    plans.plan_id,
    count(*) filter (where changes.state = 'sent') as sent,
    count(*) filter (where changes.state = 'unknown') as unknown,
    count(*) filter (where changes.is_verified = false) as differing
from ops.changes
inner join ops.plans using (plan_id)
where plans.created_at between %(since)s and %(until)s
group by plans.system, plans.plan_id
order by plans.system, plans.plan_id
"""
_WAITING = """
select system, plan_id, planned
from ops.plans
where state = 'planned' and needs_approval and created_at < %s
order by created_at
"""
_AGREEMENT = """
select run_id, sum(agreed)::double precision / nullif(sum(compared), 0)
from ops.agreement
where phase = 'after'
group by run_id
order by max(measured_at) desc
limit 2
"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that a person should look at; `name` is its heading in the runbook."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Newest:
    """Where the reading of one resource stands."""

    covered_until: datetime | None
    state: str
    reason: str


def due_until(as_of: datetime) -> datetime:
    """Up to when everything must have been read: the last midnight that is two hours past."""
    settled = as_of.astimezone(UTC) - SETTLING
    return settled.replace(hour=0, minute=0, second=0, microsecond=0)


def unfit_resources(connection: Connection, systems: Iterable[System], as_of: datetime) -> dict[str, list[str]]:
    """For each system, one sentence for each resource whose data is refused, stale or missing."""
    newest = {(row[0], row[1]): Newest(row[2], row[3], row[4] or "") for row in connection.execute(_NEWEST)}
    due = due_until(as_of)
    return {
        system.name: [
            sentence
            for resource in system.resources
            if (sentence := _unfit(resource.name, newest.get((system.name, resource.name)), due))
        ]
        for system in systems
    }


def _unfit(resource: str, newest: Newest | None, due: datetime) -> str:
    if newest is None:
        return f"{resource} was never read"
    if newest.state == "refused":
        return f"the newest batch of {resource} was refused ({newest.reason[:200]})"
    if newest.covered_until is None:
        return f"{resource} was read but never validated"
    if newest.covered_until < due:
        return f"{resource} is read up to {_minute(newest.covered_until)} only, {_minute(due)} was due"
    return ""


def check_freshness(connection: Connection, systems: Sequence[System], as_of: datetime) -> list[Alarm]:
    """Systems whose data is not that of the last night."""
    unfit = unfit_resources(connection, systems, as_of)
    return [
        Alarm("stale data", f"{system}: {'; '.join(reasons)}. Look at the newest run of ingest_{system}.")
        for system, reasons in unfit.items()
        if reasons
    ]


def check_coverage(connection: Connection, systems: Sequence[System]) -> list[Alarm]:
    """Spans of changes that nobody read; a snapshot has no spans to miss."""
    windowed = {
        (system.name, resource.name)
        for system in systems
        for resource in system.resources
        if isinstance(resource.changes, ChangedBetween)
    }
    return [
        Alarm(
            "coverage gap",
            f"{system} {resource} was not read from {_minute(start)} to {_minute(end)}; fill it with "
            f"airflow backfill create --dag-id ingest_{system} "
            f"--from-date {start:%Y-%m-%d} --to-date {end:%Y-%m-%d}.",
        )
        for system, resource, start, end in connection.execute(_GAPS)
        if (system, resource) in windowed
    ]


def check_dead_letters(connection: Connection, as_of: datetime) -> list[Alarm]:
    """Records set aside since yesterday."""
    return [
        Alarm(
            "dead letters",
            f"{count} new dead letters of {system} {resource}, one of them: {message[:200]} "
            "See ./concord dead-letters list.",
        )
        for system, resource, count, message in connection.execute(_DEAD_LETTERS, (as_of - PATIENCE,))
    ]


def check_writes(connection: Connection, as_of: datetime) -> list[Alarm]:
    """Writes that did not come to an end or did not last, and plans that nobody answered."""
    span = {"since": as_of - timedelta(days=7), "until": as_of - SETTLING}
    unsettled = [
        alarm
        for system, plan_id, sent, unknown, differing in connection.execute(_UNSETTLED, span)
        for alarm in _unsettled(f"of plan {plan_id} for {system}", sent, unknown, differing)
    ]
    waiting = [
        Alarm(
            "plan waits",
            f"Plan {plan_id} with {planned} changes for {system} has waited for an answer for a day; "
            "answer it in Airflow under Required Actions.",
        )
        for system, plan_id, planned in connection.execute(_WAITING, (as_of - PATIENCE,))
    ]
    return unsettled + waiting


def _unsettled(of_plan: str, sent: int, unknown: int, differing: int) -> Iterable[Alarm]:
    if sent:
        yield Alarm(
            "unfinished writes",
            f"{sent} changes {of_plan} were sent and not settled; clear the task apply of its run, "
            "it reads them back before anything else.",
        )
    if unknown:
        yield Alarm(
            "unknown writes",
            f"Whether {unknown} changes {of_plan} took effect is not known; look at the records. "
            "The next night plans what is still missing.",
        )
    if differing:
        yield Alarm(
            "lost writes",
            f"{differing} changes {of_plan} were confirmed, but the records read back do not hold them; "
            "somebody or something at the vendor put them back.",
        )


def check_versions(systems: Iterable[System], today: date) -> list[Alarm]:
    """API versions that their vendors retire within 90 days, or have retired."""
    alarms = []
    for system in systems:
        end = system.version_end()
        if end is None or end - today > NOTICE:
            continue
        days = (end - today).days
        when = f"ends on {end}, in {days} days" if days >= 0 else f"ended on {end}"
        sentence = (
            f"{system.title}: API version {system.api_version} {when}. Read the vendor's changes, then set "
            f"api_version in the extra fields of connection {system.connection} and in its file."
        )
        alarms.append(Alarm("version end", sentence))
    return alarms


def check_agreement(connection: Connection) -> list[Alarm]:
    """Whether the systems agree less than after the night before."""
    shares: Mapping[str, float] = {run: share for run, share in connection.execute(_AGREEMENT) if share}
    if len(shares) < 2:
        return []
    (run, now), (_, before) = shares.items()
    if now >= before - DROP_LIMIT:
        return []
    return [
        Alarm(
            "agreement drop",
            f"Agreement fell from {before:.2%} to {now:.2%} with run {run}; "
            "its report lists the discrepancies by cause.",
        )
    ]


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
