"""How far numbers may move without a person: each number, all of a plan together, and all of the last nights.

A row of `approval_policy` that names the field, or all fields with `*`, states its limits. Where none does, the
defaults hold, so that every number that is written has limits. A number in the items of a list, such as the lines
of an order, has an absolute limit; its field is written `lines.quantity`.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from concord.contract import ARCHIVE, Kind, System
from concord.stages.write_back.approve import POLICY
from concord.stages.write_back.policy_rows import ANY, PolicyRow, first_limit
from concord.store.engine import Connection
from concord.store.ledger.batches import sum_held
from concord.store.ledger.moved_numbers import NIGHTS, NumberLimits, count_far_in_lists, measure_moves
from concord.store.ledger.plan_contents import ChangeGroup

CREATE = "create"
DEFAULTS = {
    "max_relative_change_percent": Decimal(50),
    "negligible_change": Decimal(0),
    "max_absolute_change": Decimal(100_000),
    "max_plan_change_percent": Decimal(50),
    "max_nights_change_percent": Decimal(100),
}


def judge_numbers(
    connection: Connection, system: System, plan_id: str, *, group: ChangeGroup, rows: Sequence[PolicyRow]
) -> Iterator[str]:
    """Why a person must decide on the numbers that a group of changes writes, one sentence per reason.

    `rows` are those that cover the group, the most specific first.
    """
    resource = system.resource(group.resource)
    if resource.writes is None or group.action == ARCHIVE:
        return
    written = resource.writes.create if group.action == CREATE else resource.writes.update
    for field in sorted(written):
        if resource.field(field).kind in (Kind.INTEGER, Kind.DECIMAL):
            limits = limits_of(rows, field)
            yield from _judge_field(connection, system, plan_id, group=group, limits=limits)
        for member in resource.field(field).numbers:
            name = f"{field}.{member}"
            absolute = limits_of(rows, name).absolute
            far = count_far_in_lists(connection, plan_id, group, name=name, absolute=absolute)
            if far:
                yield f"{far} of the {group} hold a {member} in {field} beyond {absolute:f}."


def limits_of(rows: Sequence[PolicyRow], field: str) -> NumberLimits:
    """The limits of a field, or of a number in the items of a list, which is written `lines.quantity`.

    Each is that of the rows that name the field, then of those for all fields, then the default.
    """
    naming = [row for row in rows if row.columns.get("field") == field]
    general = [row for row in rows if row.columns.get("field") == ANY]
    stated = (first_limit([*naming, *general], column) for column in DEFAULTS)
    chosen = (DEFAULTS[column] if limit is None else limit for column, limit in zip(DEFAULTS, stated, strict=True))
    return NumberLimits(field, *chosen)


def _judge_field(
    connection: Connection, system: System, plan_id: str, *, group: ChangeGroup, limits: NumberLimits
) -> Iterator[str]:
    moved = measure_moves(connection, plan_id, group, limits=limits, approver=POLICY)
    name = limits.field
    if moved.leaps:
        yield f"{moved.leaps} of the {group} move {name} by more than {limits.relative:f} %."
    if moved.far:
        yield f"{moved.far} of the {group} move {name} by more than {limits.absolute:f}."
    if group.action == CREATE or not moved.distance:
        return
    total = sum_held(connection, system, system.resource(group.resource), name)
    if moved.distance * 100 > limits.plan * total:
        yield f"{group} move {name} by {moved.distance:f} in all, more than {limits.plan:f} % of its sum."
    elif moved.distance_of_nights * 100 > limits.nights * total:
        yield (
            f"{group} and those of the last {NIGHTS} days that passed without a person move {name} by "
            f"{moved.distance_of_nights:f} in all, more than {limits.nights:f} % of its sum."
        )
