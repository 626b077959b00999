"""Lists what of a night waits for a person, the most pressing first."""

from collections.abc import Iterator
from datetime import timedelta

from concord.dag_ids import ingest_dag
from concord.installed import COMMAND
from concord.reporting.model import Need, PlanLine, Report
from concord.reporting.words import say_time
from concord.store.ledger.plans import REPLACED
from concord.wording import say_things

TOLD_ABOVE = timedelta(minutes=1)  # a difference of clocks that is no more than this is not told

NAMED = 5  # records that a sentence names


def list_needs(report: Report) -> list[Need]:
    """Everything that a person must settle, with the command or the page by which it is settled."""
    return [
        *_failed_transformations(report),
        *_refused_batches(report),
        *_waiting_plans(report),
        *_declined_plans(report),
        *_bad_ends(report),
        *_dead_letters(report),
        *_gaps(report),
        *_clocks(report),
        *_reviews(report),
        *_unknown_decided(report),
    ]


def _failed_transformations(report: Report) -> Iterator[Need]:
    for node in report.failed_nodes:
        yield Need(
            what=f"{node.node_id} ended as {node.state}" + (f": {node.message}" if node.message else "."),
            action="Nothing was planned from it. Mend the data or the model, then run reconcile again in Airflow.",
        )


def _refused_batches(report: Report) -> Iterator[Need]:
    for line in report.batches:
        if line.refused:
            yield Need(
                what=f"{say_things(line.refused, 'batch', 'batches')} of {line.system} {line.resource} refused: "
                f"{line.refusal or 'no reason was kept'}",
                action="The old state stands. Mend the cause, "
                f"then run {ingest_dag(line.system)} again in Airflow.",
            )


def _waiting_plans(report: Report) -> Iterator[Need]:
    for plan in report.plans:
        if plan.is_waiting:
            yield Need(
                what=f"A plan of {say_things(plan.planned, 'change')} for {plan.system} waits for approval"
                + (f": {plan.approval_reason}" if plan.approval_reason else "."),
                action=f"Read it with {COMMAND} plan show {plan.plan_id}; "
                f"decide with {COMMAND} approve or decline, or in Airflow (Required Actions).",
            )


def _declined_plans(report: Report) -> Iterator[Need]:
    """Those that somebody declined; a plan that a newer one replaced is none of them."""
    for plan in report.plans:
        if plan.state == "declined" and plan.planned and plan.approved_by not in (None, REPLACED):
            yield Need(
                what=f"A plan of {say_things(plan.planned, 'change')} for {plan.system} was declined by "
                f"{plan.approved_by}, so nothing of it was written.",
                action=f"{COMMAND} plan show {plan.plan_id} has its changes. The next night plans anew."
                if plan.purpose == "write_back"
                else f"{COMMAND} plan show {plan.plan_id} has its changes; {COMMAND} undo plans them again.",
            )


def _bad_ends(report: Report) -> Iterator[Need]:
    for plan in report.plans:
        if plan.rejected or plan.unknown:
            yield Need(
                what=f"{plan.system}: {_say_ends(plan)}.",
                action=f"{COMMAND} plan show {plan.plan_id} names each with the answer of {plan.system}.",
            )


def _say_ends(plan: PlanLine) -> str:
    ends = []
    if plan.rejected:
        ends.append(f"{say_things(plan.rejected, 'change')} rejected")
    if plan.unknown:
        ends.append(f"{say_things(plan.unknown, 'change')} with unknown outcome")
    return ", ".join(ends)


def _dead_letters(report: Report) -> Iterator[Need]:
    count = sum(line.count for line in report.dead_letters)
    if count:
        verb = "waits" if count == 1 else "wait"
        yield Need(
            what=f"{say_things(count, 'dead letter')} {verb} for a decision.",
            action=f"Correct the records at their source, or look and try again: {COMMAND} dead-letters list.",
        )


def _gaps(report: Report) -> Iterator[Need]:
    for gap in report.gaps:
        yield Need(
            what=f"{gap.system} {gap.resource} was never read "
            f"from {say_time(gap.start)} to {say_time(gap.end)} UTC.",
            action=f"{COMMAND} backfill --system {gap.system} --resource {gap.resource} "
            f"--from {gap.start:%Y-%m-%d} --to {gap.end:%Y-%m-%d} fills it.",
        )


def _clocks(report: Report) -> Iterator[Need]:
    behind = {line.system: line.clock_behind for line in report.batches if line.clock_behind > TOLD_ABOVE}
    for system, difference in behind.items():
        yield Need(
            what=f"The clock of {system} is {say_things(difference // TOLD_ABOVE, 'minute')} behind ours.",
            action="Changes are read by its time, and none is lost. Set the clock right there, or here.",
        )
    for line in report.batches:
        if line.future_stamps:
            yield Need(
                what=f"{say_things(line.future_stamps, 'record')} of {line.system} {line.resource} changed in the "
                "future, by the stamps there.",
                action="They were taken as they are. Correct the time of change in that system.",
            )


def _reviews(report: Report) -> Iterator[Need]:
    if report.reviews:
        yield Need(
            what=f"{say_things(report.reviews, 'pair')} of customers may be one and the same.",
            action="No pair was merged: see marts.identity_reviews, answer in identity_decisions.csv.",
        )


def _unknown_decided(report: Report) -> Iterator[Need]:
    if unknown := report.unknown_decided:
        named = ", ".join(unknown[:NAMED]) + (", …" if len(unknown) > NAMED else "")
        yield Need(
            what=f"identity_decisions.csv names {say_things(len(unknown), 'record')} that nobody knows: {named}.",
            action=f"Its decision has no effect. Write the key there as {COMMAND} trace SYSTEM KEY prints it.",
        )
