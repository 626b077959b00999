"""Prints the verdict on a night."""

from collections.abc import Iterator
from itertools import chain

from rich.console import Console

from concord.reporting.model import Report
from concord.reporting.words import say_share
from concord.wording import say_things
from sandbox.referee.break_verdict import BreakVerdict
from sandbox.referee.verdict import LEAST_AGREEMENT, Verdict

SHOWN = 20
_UNJUDGED = "what was written there is not judged; the TRUTH of its world.py does not say how its records are read"

Line = tuple[bool, str]
"""Whether a statement holds, and the statement."""


def print_verdict(verdict: Verdict, report: Report, console: Console, *, planned_again: int | None) -> bool:
    """Print what was found; True when all of it is right.

    `planned_again` is how many changes a later night still planned, and None for the first night.
    """
    console.print("\nCompared with the truth", style="bold")
    lines = list(_list_lines(verdict, report, planned_again))
    for is_right, text in lines:
        console.print(f"  {'✓' if is_right else '✗'} {text}", style="green" if is_right else "bold red")
    for name in verdict.unjudged:
        console.print(f"  ? {name}: {_UNJUDGED}", style="yellow", markup=False)
    breaks = (verdict.order_to_cash, verdict.wholesale, verdict.dead_letters)
    for wrong in [*verdict.wrong, *chain.from_iterable(map(_say_wrong_breaks, breaks))][:SHOWN]:
        console.print(f"    {wrong}", markup=False)
    return all(is_right for is_right, _ in lines)


def _list_lines(verdict: Verdict, report: Report, planned_again: int | None) -> Iterator[Line]:
    share = report.after
    has_agreed = share is not None and share.compared > 0 and share.agreed >= LEAST_AGREEMENT * share.compared
    yield has_agreed, f"agreement {say_share(share)} of at least {LEAST_AGREEMENT:.1%}"
    yield report.is_balanced, "the counts of every batch and plan balance"
    writes = ", ".join(f"{name} {count}" for name, count in sorted(verdict.writes.items())) or "none"
    wrong = say_things(len(verdict.wrong), "wrong write")
    yield not verdict.wrong, f"{wrong} at the systems (found written: {writes})"
    unread = f" but {', '.join(verdict.unread)}" if verdict.unread else ""
    yield not verdict.unread, f"every system could be read{unread}"
    if planned_again is not None:
        changes = say_things(planned_again, "change")
        yield planned_again == 0, f"{changes} planned, acknowledgements to the host aside"
    identity = f"identity: precision {verdict.precision:.4f}, recall {verdict.recall:.4f}"
    yield verdict.is_identity_right, identity
    yield verdict.order_to_cash.is_right, _say_breaks("order to cash", "break", verdict.order_to_cash)
    yield verdict.wholesale.is_right, _say_breaks("wholesale orders", "break", verdict.wholesale)
    yield verdict.dead_letters.is_right, _say_breaks("dead letters", "fault", verdict.dead_letters)


def _say_breaks(what: str, kind: str, breaks: BreakVerdict) -> str:
    found = breaks.planted - len(breaks.missed)
    return f"{what}: {found} of {breaks.planted} planted {kind}s found, {len(breaks.invented)} invented"


def _say_wrong_breaks(breaks: BreakVerdict) -> Iterator[str]:
    for what, items in (("not found", breaks.missed), ("not planted", breaks.invented)):
        for entity, number, cause in items:
            yield f"{entity.replace('_', ' ')} {number}, {cause.replace('_', ' ')}: {what}"
