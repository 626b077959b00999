"""A person's decision about two customers holds from the next night on."""

import psycopg

from concord.stages.reconcile.identify import identify
from tests.dbt.conftest import Reconciliation, Row

QUESTIONS = """
    select customer_id, other_customer_id, left_system, left_key, right_system, right_key
    from marts.identity_reviews order by review_id
"""
DECIDE = "insert into marts.identity_decisions values (%s, %s, %s, %s, %s, 'a person looked')"
IDENTITIES = "select system, record_key, golden_id from ops.identities where entity = 'customer'"


def decide(night: Reconciliation, records: Row, *, is_same: bool) -> None:
    with psycopg.connect(night.database.url) as connection:
        connection.execute(DECIDE, (*records, is_same))


def customers_of(night: Reconciliation, records: Row) -> set[object]:
    """The golden ids of two records."""
    known = {(system, key): golden_id for system, key, golden_id in night.rows(IDENTITIES)}
    return {known[records[:2]], known[records[2:]]}


def test_who_is_one_is_joined_and_who_is_not_is_asked_about_no_more(night: Reconciliation) -> None:
    one, other, *further = night.rows(QUESTIONS)
    assert further
    decide(night, one[2:], is_same=True)
    decide(night, other[2:], is_same=False)
    night.build(
        "tag:prepare,resource_type:model", "second"
    )  # without the seeds, which would overwrite the decision
    identify(night.database, run_id="second")
    night.build("tag:marts", "second")
    assert len(customers_of(night, one[2:])) == 1
    assert len(customers_of(night, other[2:])) == 2
    assert {row[:2] for row in night.rows(QUESTIONS)} == {row[:2] for row in further}
