"""Clocks that differ, and change stamps that no clock can have given: their sentences and their alarms."""

from collections.abc import Sequence
from datetime import timedelta

from concord.contract import System
from concord.monitoring.watch import Alarm
from concord.store.engine import Connection
from concord.store.ledger.clocks import list_told

TOLD_ABOVE = timedelta(minutes=1)  # a difference of clocks that is no more than this is not told


def say_difference(system: str, behind: timedelta) -> str:
    """The sentence about a vendor's clock that is `behind` ours, ahead where negative."""
    minutes = round(abs(behind) / timedelta(minutes=1))
    return (
        f"The clock of {system} is {minutes} {'minute' if minutes == 1 else 'minutes'} "
        f"{'behind' if behind > timedelta(0) else 'ahead of'} ours. Changes are read by its time, and none is "
        "lost; set the clock right there, or that of this machine."
    )


def say_future_stamps(name: str, count: int) -> str:
    """The sentence about `count` records of a resource whose change stamps lie in the future."""
    records, have, stamp = ("records", "have", "stamps") if count > 1 else ("record", "has", "a stamp")
    return (
        f"{count} {records} of {name} {have} {stamp} in the future. They were taken as they are, and are read "
        "again every night; correct the time of change in that system."
    )


def check_clocks(connection: Connection, systems: Sequence[System]) -> list[Alarm]:
    """Clocks that differ by more than a minute, one alarm for each system, and records stamped in the future."""
    names = {(system.name, resource.name) for system in systems for resource in system.resources}
    told = [row for row in list_told(connection, TOLD_ABOVE) if (row["system"], row["resource"]) in names]
    differences: dict[str, timedelta] = {}
    for row in told:
        behind, known = row["clock_behind"], differences.get(row["system"], timedelta(0))
        if abs(behind) > max(TOLD_ABOVE, abs(known)):
            differences[row["system"]] = behind
    return [
        *(Alarm("clock difference", say_difference(name, behind)) for name, behind in differences.items()),
        *(
            Alarm("future stamps", say_future_stamps(f"{row['system']} {row['resource']}", row["future_stamps"]))
            for row in told
            if row["future_stamps"]
        ),
    ]
