"""How far a plan moves the numbers of one field, alone and together with earlier plans that no person saw."""

from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from concord.store.engine import Connection, fetch_rows, fetch_value
from concord.store.ledger.plan_contents import ChangeGroup

NIGHTS = 7

# A record's own distance is measured from the value that it had before the earlier nights' changes. A window puts
# the changes of the plan and those of earlier nights together, and not a join: PostgreSQL cannot estimate how many
# of them write a number into the field, and may compare each with each.
_MOVED: LiteralString = """
with moves as (
    select change_id, plan_id, record_key, (before ->> %(field)s)::numeric as was,
        (after ->> %(field)s)::numeric - coalesce((before ->> %(field)s)::numeric, 0) as delta
    from ops.changes
    where plan_id = %(plan)s and resource = %(resource)s and action = %(action)s and state = 'planned'
        and jsonb_typeof(after -> %(field)s) = 'number'
    union all
    select changes.change_id, changes.plan_id, changes.record_key, null,
        (changes.after ->> %(field)s)::numeric - coalesce((changes.before ->> %(field)s)::numeric, 0)
    from ops.changes
    inner join ops.plans on plans.plan_id = changes.plan_id
    where plans.system = (select system from ops.plans where plan_id = %(plan)s)
        and plans.purpose = 'write_back' and plans.approved_by = %(approver)s and plans.plan_id <> %(plan)s
        and plans.created_at > now() - make_interval(days => %(nights)s)
        and changes.resource = %(resource)s and changes.action = %(action)s
        and (changes.state = 'confirmed' or not changes.is_verified)
        and jsonb_typeof(changes.after -> %(field)s) = 'number'
),
summed as (
    select was, delta, plan_id = %(plan)s as is_planned,
        coalesce(sum(delta) filter (where plan_id <> %(plan)s) over record, 0) as earlier
    from moves
    window record as (partition by coalesce(record_key, change_id), record_key is null)
),
measured as (
    select is_planned, delta, delta + earlier as whole, was - earlier as base from summed
)
select
    count(*) filter (
        where is_planned and abs(whole) > %(negligible)s and abs(whole) * 100 > %(relative)s * abs(base)
    ) as leaps,
    count(*) filter (where is_planned and abs(delta) > %(absolute)s) as far,
    coalesce(sum(abs(delta)) filter (where is_planned), 0) as distance,
    coalesce(sum(abs(delta)), 0) as distance_of_nights
from measured
"""
_FAR_IN_LISTS: LiteralString = """
select count(*)
from ops.changes
cross join lateral (
    select case jsonb_typeof(after -> %(field)s)
        when 'string' then (after ->> %(field)s)::jsonb else after -> %(field)s
    end as content
) as written
where plan_id = %(plan)s and resource = %(resource)s and action = %(action)s and state = 'planned'
    and exists (
        select from jsonb_array_elements(
            case jsonb_typeof(content) when 'array' then content else '[]' end
        ) as item
        where item ->> %(member)s is not null and case
            when pg_input_is_valid(item ->> %(member)s, 'numeric')
                then abs((item ->> %(member)s)::numeric) > %(absolute)s
            else true
        end
    )
"""


@dataclass(frozen=True, slots=True)
class NumberLimits:
    """How far the numbers of a field may move without a person.

    A change leaps when it moves the number by more than `relative` percent of what it was and by more than
    `negligible`; it goes far when it moves the number by more than `absolute`. Both are in the field's unit. All
    changes of a plan may move the numbers by `plan` percent of their sum, those of the last nights by `nights`.
    """

    field: str
    relative: Decimal
    negligible: Decimal
    absolute: Decimal
    plan: Decimal
    nights: Decimal


@dataclass(frozen=True, slots=True)
class MovedNumbers:
    """Changes that leap or go far, and the summed distance of the plan, and of it and the nights before it."""

    leaps: int
    far: int
    distance: Decimal
    distance_of_nights: Decimal


def measure_moves(
    connection: Connection, plan_id: str, group: ChangeGroup, *, limits: NumberLimits, approver: str
) -> MovedNumbers:
    """How far the group's changes move a field; of the last `NIGHTS` days' plans those of `approver` count too.

    A number that was null before has no relative change, and moved from zero.
    """
    values = {
        "plan": plan_id, "resource": group.resource, "action": group.action, "approver": approver,
        "nights": NIGHTS, "field": limits.field, "relative": limits.relative, "negligible": limits.negligible,
        "absolute": limits.absolute,
    }  # fmt: skip
    return MovedNumbers(**fetch_rows(connection, _MOVED, values)[0])


def count_far_in_lists(
    connection: Connection, plan_id: str, group: ChangeGroup, *, name: str, absolute: Decimal
) -> int:
    """How many of the group's changes write a list with a number beyond `absolute`, or with one that is none.

    `name` is that of the list and of the member of its items, such as `lines.quantity`.
    """
    field, _, member = name.partition(".")
    values = {
        "plan": plan_id, "resource": group.resource, "action": group.action,
        "field": field, "member": member, "absolute": absolute,
    }  # fmt: skip
    return int(str(fetch_value(connection, _FAR_IN_LISTS, values)))
