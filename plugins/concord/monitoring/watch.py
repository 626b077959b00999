"""Checks that find what is wrong with the nights: one alarm for each thing, an empty list when there is none.

Each check reads the ledger over an open connection. What an alarm means and how it is cured is in the runbook
under its name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from concord.contract import ChangedBetween, System
from concord.dag_ids import ingest_dag
from concord.installed import COMMAND
from concord.protocols.session.refusals import say_upgrade
from concord.settings import read_schedule
from concord.store.engine import Connection, Row, fetch_rows
from concord.store.ledger import batches, dead_letters, plans
from concord.system_uses import read_limit
from concord.wording import say_things, say_were

SETTLING = timedelta(hours=2)  # how long a write may take until its end must be known
DROP_LIMIT = 0.005  # share of agreement that may be lost from one night to the next
DAY = timedelta(hours=24)
NOTICE = timedelta(days=90)

_AGREEMENT = """
select run_id, sum(agreed)::double precision / nullif(sum(compared), 0) as share
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


def due_until(as_of: datetime) -> datetime:
    """The moment up to which everything must have been read: the newest reading that has come to its reconcile."""
    return read_schedule().settled_reading(as_of)


def unfit_resources(connection: Connection, systems: Iterable[System], due: datetime) -> dict[str, list[str]]:
    """For each system, one sentence for each resource that is refused, missing or not read up to `due`.

    Of a system that is read as a sample nothing is expected.
    """
    newest = {(row["system"], row["resource"]): row for row in batches.list_newest(connection)}
    return {
        system.name: [
            sentence
            for resource in (system.resources if read_limit(system.name) is None else ())
            if (sentence := _unfit(resource.name, newest.get((system.name, resource.name)), due))
        ]
        for system in systems
    }


def _unfit(resource: str, newest: Row | None, due: datetime) -> str:
    if newest is None:
        return f"{resource} was never read"
    if newest["state"] == "refused":
        return f"the newest batch of {resource} was refused ({newest['reason'][:200]})"
    read_until = newest["read_until"]
    if read_until is None:
        return f"{resource} was read but never validated"
    if read_until < due:
        return f"{resource} is read up to {_minute(read_until)} only, {_minute(due)} was due"
    return ""


def check_freshness(connection: Connection, systems: Sequence[System], as_of: datetime) -> list[Alarm]:
    """Systems whose data was not read last night, or not accepted."""
    unfit = unfit_resources(connection, systems, due_until(as_of))
    return [
        Alarm("stale data", f"{system}: {'; '.join(reasons)}. Look at the newest run of {ingest_dag(system)}.")
        for system, reasons in unfit.items()
        if reasons
    ]


def check_coverage(connection: Connection, systems: Sequence[System]) -> list[Alarm]:
    """Spans of changes that were not read, of resources that are read by span.

    A resource of which nothing was accepted yet is left to `check_freshness`.
    """
    read = {(row["system"], row["resource"]) for row in batches.list_newest(connection) if row["read_until"]}
    windowed = {
        (system.name, resource.name)
        for system in systems
        for resource in system.resources
        if isinstance(resource.changes, ChangedBetween)
    }
    return [
        Alarm(
            "coverage gap",
            f"{gap['system']} {gap['resource']} was not read from {_minute(gap['start'])} to "
            f"{_minute(gap['end'])}. The next night reads it; to read it now: {COMMAND} backfill "
            f"--system {gap['system']} --from {gap['start']:%Y-%m-%d} --to {gap['end']:%Y-%m-%d}.",
        )
        for gap in batches.list_gaps(connection)
        if (gap["system"], gap["resource"]) in windowed & read
    ]


def check_dead_letters(connection: Connection, as_of: datetime) -> list[Alarm]:
    """Dead letters of the last 24 hours that are open."""
    return [
        Alarm(
            "dead letters",
            f"{say_things(new['count'], 'new dead letter')} of {new['system']} {new['resource']}, one of them: "
            f"{new['message'][:200]} See {COMMAND} dead-letters list.",
        )
        for new in dead_letters.sum_new(connection, as_of - DAY)
    ]


def check_writes(connection: Connection, as_of: datetime) -> list[Alarm]:
    """Changes of the last week without a known end or not as written, and plans undecided for a day."""
    unsettled = [
        alarm
        for plan in plans.count_unsettled(connection, as_of - timedelta(days=7), as_of - SETTLING)
        for alarm in _unsettled(plan)
    ]
    waiting = [
        Alarm(
            "plan waits",
            f"Plan {plan['plan_id']} with {say_things(plan['planned'], 'change')} for {plan['system']} has waited "
            "for an answer for a day; answer it in Airflow under Required Actions.",
        )
        for plan in plans.list_waiting(connection, as_of - DAY)
    ]
    return unsettled + waiting


def _unsettled(plan: Row) -> Iterable[Alarm]:
    of_plan = f"of plan {plan['plan_id']} for {plan['system']}"
    if sent := plan["sent"]:
        yield Alarm(
            "unfinished writes",
            f"{say_were(sent, 'change')} sent and not settled, {of_plan}; clear the task apply of its run, "
            "which reads back before anything else.",
        )
    if begun := plan["begun"]:
        yield Alarm(
            "half made records",
            f"{say_were(begun, 'new record')} begun at the vendor and not finished, {of_plan}; clear the task "
            "apply of its run, which goes on. Until then nothing of such a record is written anywhere.",
        )
    if tried := plan["tried"]:
        yield Alarm(
            "held after sending",
            f"{say_were(tried, 'change')} sent without effect, {of_plan}, and the run ended before another "
            f"attempt; see {COMMAND} plan show. The next night plans what is still missing.",
        )
    if unknown := plan["unknown"]:
        yield Alarm(
            "unknown writes",
            f"Whether {say_things(unknown, 'change')} {of_plan} took effect is not known; look at the records. "
            "The next night plans what is still missing.",
        )
    if differing := plan["differing"]:
        yield Alarm(
            "lost writes",
            f"{say_were(differing, 'change')} confirmed, {of_plan}, but what was read back is something else, "
            f"so it counts as confirmed no longer; {COMMAND} plan show names the fields.",
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
            f"{system.title}: API version {system.api_version} {when}. Read the vendor's changes, then "
            f"{say_upgrade(system.rules, system.connection)}."
        )
        alarms.append(Alarm("version end", sentence))
    return alarms


def check_agreement(connection: Connection) -> list[Alarm]:
    """Whether the systems agree less than after the night before."""
    nights = [night for night in fetch_rows(connection, _AGREEMENT) if night["share"] is not None]
    if len(nights) < 2:
        return []
    run, now, before = nights[0]["run_id"], nights[0]["share"], nights[1]["share"]
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
