"""What reading has cost so far: how many records a day come, and how many calls they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from concord.store.engine import Connection, fetch_rows

# Windows from the beginning of time say nothing about how many records change in a day.
_PER_RESOURCE = """
select system, resource,
    sum(received) / nullif(sum(extract(epoch from upper(covered_window) - lower(covered_window))) / 86400, 0)
        as records_per_day,
    (
        select sum(calls) / nullif(count(*), 0) from ops.api_calls as call
        where call.system = batches.system and call.resource = batches.resource and call.purpose = 'extract'
    ) as calls_per_read,
    sum(received) / count(*) as records_per_read
from ops.batches
where state = 'covered' and purpose = 'window'
    and upper(covered_window) - lower(covered_window) < interval '60 days'
group by system, resource
"""
_SINCE = """
select system, sum(calls)::bigint as calls from ops.api_calls where happened_at >= %s group by system
"""


@dataclass(frozen=True, slots=True)
class Experience:
    """What windows of a resource have held so far: records that change in a day, and calls for each record."""

    records_per_day: float
    calls_per_record: float

    def calls(self, days: float) -> float:
        """How many calls a window of so many days takes; at least one."""
        return max(1.0, self.records_per_day * days * self.calls_per_record)


def read_experience(connection: Connection) -> Mapping[tuple[str, str], Experience]:
    """The experience with each resource, by system and resource; those that were never read are missing."""
    return {
        (row["system"], row["resource"]): Experience(
            records_per_day=float(row["records_per_day"] or 0),
            calls_per_record=float(row["calls_per_read"] or 0) / max(float(row["records_per_read"] or 0), 1.0),
        )
        for row in fetch_rows(connection, _PER_RESOURCE)
    }


def sum_calls_since(connection: Connection, moment: datetime) -> Mapping[str, int]:
    """How many calls each system was sent since this moment, by system."""
    return {row["system"]: int(row["calls"]) for row in fetch_rows(connection, _SINCE, (moment,))}
