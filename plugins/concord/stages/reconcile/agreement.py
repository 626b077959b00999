"""Measures agreement: how many shared fields agree, before a night's write-backs and after them."""

from dataclasses import dataclass
from typing import LiteralString

from concord.store.engine import PLANNER, Database

_FORGET: LiteralString = "delete from ops.agreement where run_id = %(run)s and phase = %(phase)s"
_KEEP: LiteralString = """
    with kept as (
        insert into ops.agreement
            (run_id, phase, entity, field, left_system, right_system, compared, agreed)
        select %(run)s, %(phase)s, entity, field, left_system, right_system, compared, agreed
        from marts.reconciliation_agreement
        returning compared, agreed
    )
    select coalesce(sum(compared), 0)::bigint, coalesce(sum(agreed), 0)::bigint from kept
"""


@dataclass(frozen=True, slots=True)
class AgreementCounts:
    """Fields that two systems share for the same entity, and how many of them agree within tolerance."""

    compared: int
    agreed: int


def measure_agreement(database: Database, *, run_id: str, phase: str) -> AgreementCounts:
    """Keep `marts.reconciliation_agreement` as it is now; the same run and phase replace what they kept before."""
    with database.transaction(PLANNER) as connection:
        connection.execute(_FORGET, {"run": run_id, "phase": phase})
        row = connection.execute(_KEEP, {"run": run_id, "phase": phase}).fetchone()
    compared, agreed = row or (0, 0)
    return AgreementCounts(compared=int(str(compared)), agreed=int(str(agreed)))
