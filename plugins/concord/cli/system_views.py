"""Shows the declared systems, as a list and as a map."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from concord import registry
from concord.contract import ChangedBetween, Resource, Snapshot, System, Worklist
from concord.errors import ConfigurationError
from concord.monitoring.watch import check_versions
from concord.reporting.dataflow import flows_of, render_map
from concord.wording import say_things

_READ = {ChangedBetween: "changes", Snapshot: "whole", Worklist: "by name"}


def show_systems(console: Console) -> None:
    """Print every system in use with its limits and version, and how each resource is read and written."""
    today = datetime.now(UTC).date()
    for system in registry.systems():
        console.print(f"{system.title}  ({system.name}, connection {system.connection})", style="bold")
        console.print(f"  {_rate_limit(system)}; {_version(system)}", markup=False)
        console.print(_resources(system))
        console.print()
    for alarm in check_versions(registry.systems(), today):
        console.print(f"! {alarm.sentence}", style="yellow", markup=False)


def _rate_limit(system: System) -> str:
    limit = system.rate_limit
    tasks = say_things(limit.concurrency, "task")
    return f"at most {limit.per_second:g} calls a second, {limit.burst} at once, {tasks}"


def _version(system: System) -> str:
    if not system.api_version:
        return "no API version"
    return f"API version {system.api_version}, {_end(system.version_end())}"


def _end(end: date | None) -> str:
    return "no end announced" if end is None else f"served until {end}"


def _resources(system: System) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim", pad_edge=False)
    table.add_column("resource", no_wrap=True)
    table.add_column("read", no_wrap=True)
    table.add_column("deletions", no_wrap=True)
    table.add_column("may be written", overflow="fold")
    for resource in system.resources:
        table.add_row(resource.name, _READ[type(resource.changes)], resource.deletions, _written(resource))
    return table


def _written(resource: Resource) -> str:
    if resource.writes is None:
        return "–"
    parts = [", ".join(sorted(resource.writes.update))] if resource.writes.update else []
    return "; ".join([*parts, *(["new records"] if resource.writes.create else [])])


def show_map(console: Console) -> None:
    """Print what moves every night between the systems in use, and which of them owns what."""
    console.print("Every night, between the systems and Concord:\n")
    for system in registry.systems():
        flows = flows_of(system)
        console.print(f"{flows.title}  (owns {flows.owns})", style="bold", markup=False)
        _print_lines(console, "→ read", flows.read)
        _print_lines(console, "← written", flows.written or ("nothing",))
        console.print()


def _print_lines(console: Console, label: str, lines: Iterable[str]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=10, no_wrap=True)
    table.add_column(overflow="fold")
    for number, line in enumerate(lines):
        table.add_row("" if number else label, line)
    console.print(table)


def draw_map(console: Console, target: Path) -> None:
    """Write a picture of all declared systems as SVG; ConfigurationError when the file cannot be written."""
    try:
        target.write_text(render_map(registry.declared_systems()), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The map cannot be written to {target}: {error.strerror}.") from error
    console.print(f"Drawn in {target}.", markup=False)
