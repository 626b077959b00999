"""Shows what a backfill would read, without reading it: windows, calls, time, and what the vendor allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from concord.contract import System
from concord.settings import read_calls_per_day
from concord.stages.extract.split_range import Range, ResourceWindow, split_range
from concord.store.ledger.reads import Experience, read_experience, sum_calls_since
from concord.wording import say_things

if TYPE_CHECKING:
    from concord.store.engine import Database

# What one window takes beside its calls: Airflow starts a task, Great Expectations checks the batch.
SECONDS_PER_WINDOW = 6.0
DAY = timedelta(days=1)
UNKNOWN = Experience(0, 0)


@dataclass(frozen=True, slots=True)
class Past:
    """What reading has cost so far; empty where no warehouse says so."""

    experience: Mapping[tuple[str, str], Experience] = field(default_factory=dict)
    calls_of_day: Mapping[str, int] = field(default_factory=dict)


def read_past(database: "Database") -> Past:
    """What the warehouse knows of earlier reads, and of the calls of the last 24 hours."""
    from concord.store.engine import PLANNER

    with database.transaction(PLANNER) as connection:
        return Past(read_experience(connection), sum_calls_since(connection, datetime.now(UTC) - DAY))


def show_forecast(console: Console, systems: Sequence[System], wanted: Range, past: Past) -> None:
    """Print what a backfill would read of each resource, and what it would cost; reads nothing."""
    now = datetime.now(UTC)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in ("system", "resource", "windows", "from (UTC)", "to (UTC)", "calls"):
        table.add_column(column)
    sentences = []
    total, longest = 0, 0.0
    for system in systems:
        windows = split_range(system, wanted, now)
        calls = [_count_calls(system, item, past) for item in windows]
        _add_rows(table, system, windows, calls)
        seconds = expect_seconds(system, calls)
        total, longest = total + len(windows), max(longest, seconds)
        sentences.append(_say_budget(system, round(sum(calls)), past))
    console.print(table)
    for sentence in sentences:
        console.print(sentence)
    console.print(
        f"{say_things(total, 'window')} in all, {say_duration(longest)} expected. "
        "Nothing was read; leave out --dry-run to read them."
    )


def expect_seconds(system: System, calls: Sequence[float]) -> float:
    """How long the windows with so many calls take, by the pace of the system and the tasks that run at once."""
    limit = system.rate_limit
    return max(sum(calls) / limit.per_second, len(calls) * SECONDS_PER_WINDOW / limit.concurrency)


def say_duration(seconds: float) -> str:
    """About how long something takes, in words."""
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def _count_calls(system: System, item: ResourceWindow, past: Past) -> float:
    days = (item.window.end - item.window.start) / DAY
    return past.experience.get((system.name, item.resource), UNKNOWN).calls(days)


def _add_rows(table: Table, system: System, windows: Sequence[ResourceWindow], calls: Sequence[float]) -> None:
    for name in dict.fromkeys(item.resource for item in windows):
        mine = [(item.window, count) for item, count in zip(windows, calls, strict=True) if item.resource == name]
        ends = (f"{mine[0][0].start:%Y-%m-%d %H:%M}", f"{mine[-1][0].end:%Y-%m-%d %H:%M}")
        table.add_row(system.name, name, str(len(mine)), *ends, f"{sum(count for _, count in mine):.0f}")


def _say_budget(system: System, calls: int, past: Past) -> str:
    limit = system.rate_limit
    is_known = any(name == system.name for name, _ in past.experience)
    count = f"about {say_things(calls, 'call')}" if is_known else f"at least {say_things(calls, 'call')}"
    made = past.calls_of_day.get(system.name)
    spent = "" if made is None else f"; {say_things(made, 'call')} were made in the last 24 hours"
    return (
        f"{system.name}: {count}, at most {limit.per_second:g} a second and "
        f"{say_things(limit.concurrency, 'window')} at once{spent}.{_say_quota(system, calls, made or 0)}"
    )


def _say_quota(system: System, calls: int, made: int) -> str:
    """What a day allows beside what was asked already, and whether the calls are more than that."""
    quota = read_calls_per_day().get(system.name, system.rate_limit.per_day)
    if not quota:
        return ""
    allowed = f" A day allows {quota:,} (CONCORD_CALLS_PER_DAY says another number)"
    if made + calls <= quota:
        return f"{allowed}."
    days = -(-calls // quota)
    return (
        f"{allowed}: this is more than the {max(quota - made, 0):,} that are left today. Nights and write-backs "
        f"need calls as well; spread it over at least {say_things(days + 1, 'day')}, by --from and --to."
    )
