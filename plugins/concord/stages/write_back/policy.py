"""Which plans are small and harmless enough to pass without a person; the limits are a seed of the business.

A row of `approval_policy` is about one resource and action, or about all with `*`, of a system, of a vendor, or of
all systems that play a role; the most specific row that states a limit decides it. What no row covers, a person
decides. Only a row that names archives covers an archive.
Numbers have limits of their own (`numeric_limits.py`), with a default where no row states one. Where none states
how many values may be emptied, a person decides on each.
"""

import json
from collections.abc import Iterator
from decimal import Decimal

from concord.contract import System
from concord.stages.write_back.numeric_limits import judge_numbers
from concord.stages.write_back.policy_rows import ANY, PolicyRow, first_limit
from concord.store.engine import Connection, fetch_texts, fetch_value
from concord.store.ledger.batches import count_held
from concord.store.ledger.plan_contents import ChangeGroup, count_emptied, count_undone, group_by_action

_ROWS = """
select to_jsonb(policy)::text from marts.approval_policy as policy
where coalesce(nullif(system, ''), '*') = any(%s)
order by system, resource, action, field
"""


def judge_plan(connection: Connection, system: System, plan_id: str) -> list[str]:
    """Why a person must decide, one sentence per reason; empty for a plan within the limits."""
    groups = group_by_action(connection, plan_id)
    if not groups:
        return []
    undone = count_undone(connection, plan_id, system)
    reasons = [f"{undone} of the changes repeat what a person had undone before."] if undone else []
    if fetch_value(connection, "select to_regclass('marts.approval_policy')") is None:
        return [*reasons, "There is no approval policy (marts.approval_policy), so a person decides."]
    names = system.rule_names
    rows = [
        PolicyRow(json.loads(text, parse_float=Decimal), names)
        for text in fetch_texts(connection, _ROWS, ([*names, ANY],))
    ]
    for group in groups:
        covering = sorted(
            (row for row in rows if row.covers(group.resource, group.action)),
            key=lambda row: row.weight,
            reverse=True,
        )
        reasons += _judge_amount(connection, system, group, covering)
        reasons += _judge_emptied(connection, plan_id, group, covering)
        reasons += judge_numbers(connection, system, plan_id, group=group, rows=covering)
    return reasons


def _judge_amount(
    connection: Connection, system: System, group: ChangeGroup, rows: list[PolicyRow]
) -> Iterator[str]:
    most, share = first_limit(rows, "max_changes"), first_limit(rows, "max_share_percent")
    if most is None and share is None:
        yield f"No approval policy covers {group.action}s of {group.resource}."
    if most is not None and group.count > most:
        yield f"{group} are more than the {most:f} that pass without approval."
    if share is not None:
        total = count_held(connection, system, system.resource(group.resource))
        if group.count * 100 > share * total:
            yield f"{group} touch more than {share:f} % of the {total} known."


def _judge_emptied(
    connection: Connection, plan_id: str, group: ChangeGroup, rows: list[PolicyRow]
) -> Iterator[str]:
    emptied, most = count_emptied(connection, plan_id, group), first_limit(rows, "max_emptied_values") or 0
    if emptied > most:
        values = "1 value" if emptied == 1 else f"{emptied} values"
        yield f"{group} take away {values}, more than the {most:f} that pass without approval."
