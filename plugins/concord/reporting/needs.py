"""What of a night waits for a person, the most pressing first."""

from collections.abc import Iterator

from concord.reporting.model import Need, PlanLine, Report
from concord.reporting.words import say_things, say_time


def list_needs(report: Report) -> list[Need]:
    """Every open matter with the command or the place that settles it; empty after a quiet night."""
    return [
        *_failed_transformations(report),
        *_refused_batches(report),
        *_waiting_plans(report),
        *_bad_ends(report),
        *_dead_letters(report),
        *_gaps(report),
        *_reviews(report),
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
                action=f"The old state stands. Mend the cause, then run ingest_{line.system} again in Airflow.",
            )


def _waiting_plans(report: Report) -> Iterator[Need]:
    for plan in report.plans:
        if plan.is_waiting:
            yield Need(
                what=f"A plan of {say_things(plan.planned, 'change')} for {plan.system} waits for approval"
                + (f": {plan.approval_reason}" if plan.approval_reason else "."),
                action=f"Read it with ./concord plan show {plan.plan_id}; "
                "decide with ./concord approve or decline, or in Airflow (Required Actions).",
            )


def _bad_ends(report: Report) -> Iterator[Need]:
    for plan in report.plans:
        if plan.rejected or plan.unknown:
            yield Need(
                what=f"{plan.system}: {_say_ends(plan)}.",
                action=f"./concord plan show {plan.plan_id} names each with the answer of {plan.system}.",
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
            action="Correct the records at their source, or look and try again: ./concord dead-letters list.",
        )


def _gaps(report: Report) -> Iterator[Need]:
    for gap in report.gaps:
        yield Need(
            what=f"{gap.system} {gap.resource} was never read "
            f"from {say_time(gap.start)} to {say_time(gap.end)} UTC.",
            action=f"./concord backfill --system {gap.system} "
            f"--from {gap.start:%Y-%m-%d} --to {gap.end:%Y-%m-%d} fills it.",
        )


def _reviews(report: Report) -> Iterator[Need]:
    if report.reviews:
        yield Need(
            what=f"{say_things(report.reviews, 'pair')} of customers may be one and the same.",
            action="Nothing was merged by chance: see marts.identity_reviews, answer in identity_decisions.csv.",
        )
