"""Renders the report for a terminal of 80 columns; nothing is told by colour alone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from concord.reporting.model import AgreementLine, Report, Share
from concord.reporting.needs import list_needs
from concord.reporting.words import say_age, say_bytes, say_name, say_seconds, say_share, say_time
from concord.wording import say_count, say_things

# How many fields that disagree are listed; the page lists them all.
WORST = 12


def render_terminal(report: Report) -> RenderableType:
    """The agreement first, then what waits for a person, then the tables."""
    parts: list[RenderableType] = [_headline(report), _needs(report)]
    for title, table in _tables(report):
        parts.append(Text(f"\n{title}", style="bold"))
        parts.append(Padding(table, (0, 0, 0, 2)))
    return Group(*parts)


def _headline(report: Report) -> Text:
    if report.run_id is None:
        return Text("No night has been measured yet. Its report will be here when reconcile has run.\n")
    text = Text("\n")
    if report.after is None:
        text.append(f"Agreement {say_share(report.before)}", style="bold")
        text.append(f"  {report.written_before_measure}\n")
    else:
        text.append(f"Agreement {say_share(report.after)}", style="bold green")
        text.append(f"  after the night, {say_share(report.before)} before it\n")
    compared = (report.after or report.before or Share()).compared
    text.append(f"{say_count(compared)} shared fields compared, ", style="dim")
    accounted = "every record accounted for" if report.is_balanced else "RECORDS ARE NOT ACCOUNTED FOR"
    text.append(accounted, style="dim")
    text.append(f"; run {report.run_id}\n", style="dim")
    return text


def _needs(report: Report) -> RenderableType:
    needs = list_needs(report)
    if not needs:
        return Text("Nothing waits for a person.", style="green")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    for need in needs:
        grid.add_row(Text("!", style="bold yellow"), Text.assemble(need.what, "\n", (need.action, "dim")))
    return Group(Text("For a person", style="bold"), Padding(grid, (0, 0, 0, 2)))


def _tables(report: Report) -> Iterator[tuple[str, Table]]:
    if report.agreement:
        yield "Agreement", _entities(report)
    if any(line.latest.open for line in report.agreement):
        yield "Fields that disagree, worst first", _agreement(report)
    if report.discrepancies:
        yield "Open discrepancies", _discrepancies(report)
    if report.plans:
        yield "Plans", _plans(report)
    if report.dead_letters:
        yield "Dead letters", _dead_letters(report)
    if report.batches:
        yield "Batches", _batches(report)
    if report.calls:
        yield "Calls", _calls(report)


def _table(*columns: str, numbers: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for index, column in enumerate(columns):
        is_number = index >= len(columns) - numbers
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def _entities(report: Report) -> Table:
    """A line for each entity, over all of its fields."""
    table = _table("entity", "fields", "before", "after", "open", numbers=4)
    for entity in sorted({line.entity for line in report.agreement}):
        part = replace(report, agreement=tuple(line for line in report.agreement if line.entity == entity))
        fields = {line.field for line in part.agreement}
        left = (part.after or part.before or Share()).open
        shares = (say_share(part.before), say_share(part.after))
        table.add_row(say_name(entity), say_count(len(fields)), *shares, say_count(left))
    return table


def _agreement(report: Report) -> Table:
    table = _table("entity", "field", "between", "before", "after", "open", numbers=3)
    lines = [line for line in report.agreement if line.latest.open]
    for line in sorted(lines, key=_badness)[:WORST]:
        table.add_row(
            say_name(line.entity),
            say_name(line.field),
            f"{line.left_system}, {line.right_system}",
            say_share(line.before),
            say_share(line.after),
            say_count(line.latest.open),
        )
    return table


def _badness(line: AgreementLine) -> tuple[float, str, str, str]:
    share = line.latest
    return share.agreed / share.compared if share.compared else 1.0, line.entity, line.field, line.left_system


def _discrepancies(report: Report) -> Table:
    table = _table("entity", "field", "system", "cause", "owner", "open", "oldest", numbers=2)
    for line in report.discrepancies:
        oldest = say_age(line.oldest_at, report.made_at)
        what = (line.entity, say_name(line.field), line.system, say_name(line.cause), line.owner)
        table.add_row(*what, say_count(line.count), oldest)
    return table


def _plans(report: Report) -> Table:
    table = _table("plan", "system", "state", "planned", "conf.", "rej.", "confl.", "unkn.", "held", numbers=6)
    for plan in report.plans:
        ends = (plan.planned, plan.confirmed, plan.rejected, plan.conflicted, plan.unknown, plan.held)
        state = "waits" if plan.is_waiting else plan.state
        table.add_row(plan.plan_id[:8], plan.system, state, *(say_count(number) for number in ends))
    return table


def _dead_letters(report: Report) -> Table:
    table = _table("system", "resource", "reason", "open", "oldest", numbers=2)
    for line in report.dead_letters:
        oldest = say_age(line.oldest_at, report.made_at)
        table.add_row(line.system, line.resource, line.reason, say_count(line.count), oldest)
    return table


def _batches(report: Report) -> Table:
    table = _table("system", "resource", "received", "valid", "dead", "repeated", numbers=4)
    for line in report.batches:
        numbers = (line.received, line.validated, line.quarantined, line.repeated)
        name = line.resource + (f" ({say_things(line.refused, 'refusal')})" if line.refused else "")
        table.add_row(line.system, name, *(say_count(number) for number in numbers))
    table.caption = _say_covered([line.covered_until for line in report.batches])
    table.caption_justify = "left"
    return table


def _say_covered(ends: Sequence[datetime | None]) -> str | None:
    """Up to when all of it was read, and the newest; None where nothing was read at all."""
    known = sorted({say_time(end) for end in ends if end})
    if not known:
        return None
    unread = sum(end is None for end in ends)
    still = f"; {say_things(unread, 'resource')} not yet" if unread else ""
    later = f", the newest up to {known[-1]}" if len(known) > 1 else ""
    return f"All read up to {known[0]} UTC{later}{still}"


def _calls(report: Report) -> Table:
    table = _table("system", "purpose", "calls", "retries", "received", "waited", numbers=4)
    for line in report.calls:
        table.add_row(
            line.system,
            say_name(line.purpose),
            say_count(line.calls),
            say_count(line.retries),
            say_bytes(line.bytes_received),
            say_seconds(line.waited),
        )
    return table
