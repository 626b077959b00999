"""The contents of a report as plain values, from which the terminal and the page are rendered."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from concord.dag_ids import OF_BACKFILL
from concord.wording import say_were


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the compared fields agree within tolerance."""

    compared: int = 0
    agreed: int = 0

    @property
    def open(self) -> int:
        """How many do not agree."""
        return self.compared - self.agreed

    def __add__(self, other: "Share") -> "Share":
        return Share(self.compared + other.compared, self.agreed + other.agreed)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLine:
    """One field of one entity between two systems; `None` where that phase was not measured."""

    entity: str
    field: str
    left_system: str
    right_system: str
    before: Share | None
    after: Share | None

    @property
    def latest(self) -> Share:
        """The newest measure there is."""
        return self.after or self.before or Share()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyLine:
    """Open discrepancies of one cause in one field of one system."""

    entity: str
    field: str
    system: str
    cause: str
    owner: str
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterLine:
    """Open dead letters with one reason."""

    system: str
    resource: str
    stage: str
    error_class: str
    reason: str
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One plan and the ends its changes came to."""

    plan_id: str
    system: str
    purpose: str
    state: str
    needs_approval: bool
    approval_reason: str | None
    approved_by: str | None
    planned: int
    confirmed: int
    rejected: int
    conflicted: int
    unknown: int
    held: int
    verified: int
    created_at: datetime

    @property
    def is_waiting(self) -> bool:
        """Whether a person has to decide before anything is written."""
        return self.state == "planned" and self.needs_approval

    @property
    def is_balanced(self) -> bool:
        """Whether each planned change of a closed plan has its one end."""
        ends = self.confirmed + self.rejected + self.conflicted + self.unknown + self.held
        return self.state not in {"applied", "declined"} or self.planned == ends


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """The batches of one resource in the time the report covers."""

    system: str
    resource: str
    batches: int
    refused: int
    received: int
    validated: int
    quarantined: int
    repeated: int
    covered_until: datetime | None
    refusal: str | None
    clock_behind: timedelta = timedelta(0)
    future_stamps: int = 0

    @property
    def is_balanced(self) -> bool:
        """Whether each received record has its one disposition; refused batches have none."""
        return self.received == self.validated + self.quarantined + self.repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span of changes that was not read."""

    system: str
    resource: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """The calls made to one system for one purpose."""

    system: str
    purpose: str
    calls: int
    retries: int
    bytes_received: int
    waited: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedNode:
    """A dbt model or test that did not succeed."""

    node_id: str
    state: str
    failures: int | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that waits for a person: what it is and what to do about it."""

    what: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One night, or the newest one."""

    run_id: str | None
    made_at: datetime
    since_at: datetime
    agreement: tuple[AgreementLine, ...] = ()
    discrepancies: tuple[DiscrepancyLine, ...] = ()
    dead_letters: tuple[DeadLetterLine, ...] = ()
    plans: tuple[PlanLine, ...] = ()
    batches: tuple[BatchLine, ...] = ()
    gaps: tuple[Gap, ...] = ()
    calls: tuple[CallLine, ...] = ()
    failed_nodes: tuple[FailedNode, ...] = ()
    reviews: int = 0
    unknown_decided: tuple[str, ...] = ()

    @property
    def before(self) -> Share | None:
        """Agreement of everything when the night began; `None` when it was not measured."""
        return _sum([line.before for line in self.agreement if line.before is not None])

    @property
    def after(self) -> Share | None:
        """Agreement of everything after the write-backs; `None` when it was not measured."""
        return _sum([line.after for line in self.agreement if line.after is not None])

    @property
    def written_before_measure(self) -> str:
        """What is known of the night's writes as long as the agreement after them is not measured, in words."""
        if confirmed := sum(plan.confirmed for plan in self.plans):
            return f"as found; {say_were(confirmed, 'change')} written since"
        if (self.run_id or "").startswith(OF_BACKFILL):
            return "as found after a backfill, which fills the warehouse and writes nothing by itself"
        return "as found; this night has written nothing so far"

    @property
    def is_balanced(self) -> bool:
        """Whether all batches and plans are balanced."""
        has_batches = all(line.is_balanced for line in self.batches)
        return has_batches and all(plan.is_balanced for plan in self.plans)


def _sum(shares: list[Share]) -> Share | None:
    return sum(shares, Share()) if shares else None
