"""A value that thousands of records share makes no pair of each two of them, and asks one question at most."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest

from tests.dbt.conftest import Reconciliation
from tests.dbt.world_rows import STAMP, insert_rows

CROWD = 3_000
AT_MOST = (
    30  # rows of any table for each record: fields in which systems differ, and nothing that grows with a crowd
)
GOLDEN = "CUS-0123456789ABCDEF"
KNOWN = """
insert into ops.identities (entity, system, record_key, golden_id, match_rule, match_confidence)
select 'customer', 'salesforce', 'id-' || number, %s, 'same_email', 1 from generate_series(0, %s - 1) as number
"""
COVERED = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
values (%(name)s, %(system)s, 'customers', 'window', tstzrange(null, null), 'covered')
"""
TABLES = """
select relname, reltuples from pg_class
where relnamespace in ('intermediate'::regnamespace, 'marts'::regnamespace) and relkind = 'r'
"""
ASKED = "select left_key, right_key, reason from marts.identity_reviews where review_rule = 'crowd_at_one_address'"
DECIDE = """
insert into marts.identity_decisions
select left_system, left_key, right_system, right_key, false, 'a placeholder' from marts.identity_reviews
"""


def people(kind: str, values: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    """Customers of the shop who have nothing in common but the values."""
    for number in range(CROWD):
        key = f"{kind}-{number}"
        person = {"first_name": f"Ada{key}", "last_name": f"Smith{key}", "email": f"{key}@example.com"}
        place = {"street": f"Road {key}", "postal_code": "10115", "country_code": "DE", "phone": None}
        yield {"_key": key, "source_id": key, "updated_at": STAMP, **person, **place, **values}


def accounts(kind: str, values: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    """Accounts of the CRM that have nothing in common but the values."""
    for number in range(CROWD):
        key = f"{kind}-{number}"
        fields = {"account_name": f"Firm {key}", "account_number": None, "concord_id": None, "country_name": "DE"}
        yield {"_key": key, "source_id": key, "updated_at": STAMP, **fields, **values}


def fill(database: str) -> None:
    """A crowd for each value by which customers are compared."""
    name = {"first_name": "Test", "last_name": "Order"}
    shop = {
        "address": {**name, "street": "Teststr. 1"},
        "email": {"email": "noemail@example.com"},
        "desk": {"phone": "+49301234567"},
        "guest": {**name, "phone": "+49307654321"},
    }
    with psycopg.connect(database) as connection:
        for kind, values in shop.items():
            insert_rows(connection, "shopify__customers", people(kind, values))
        insert_rows(connection, "salesforce__accounts", accounts("number", {"account_number": "P1"}))
        insert_rows(connection, "salesforce__accounts", accounts("id", {"concord_id": GOLDEN}))
        party = {"party_name": "Firm", "party_code": "P1", "is_active": True, "changed_at": STAMP}
        insert_rows(connection, "tryton__parties", [{"_key": "1", "source_id": "1", **party}])
        connection.execute(KNOWN, (GOLDEN, CROWD))
        for system in ("salesforce", "shopify", "tryton"):
            connection.execute(COVERED, {"name": f"{system}_all", "system": system})


@pytest.fixture(scope="module")
def crowds(reconciliation: Reconciliation) -> Reconciliation:
    """A night over the crowds."""
    fill(reconciliation.database.url)
    reconciliation.run("first")
    return reconciliation


def test_no_table_has_a_row_for_each_pair_of_a_crowd(crowds: Reconciliation) -> None:
    rows = {str(name): float(str(count)) for name, count in crowds.rows(TABLES)}
    assert rows["int_customers__unioned"] == 6 * CROWD + 1
    assert {name: count for name, count in rows.items() if count > AT_MOST * rows["int_customers__unioned"]} == {}
    for kind in ("email", "phone", "grey", "merged"):
        assert rows[f"int_customers__{kind}_pairs"] == 0
    assert CROWD <= rows["int_customers__key_pairs"] <= 4 * CROWD


def test_a_crowd_at_one_address_is_one_question_which_one_answer_ends(crowds: Reconciliation) -> None:
    (question,) = crowds.rows(ASKED)
    assert str(question[2]).startswith("3000 records have this name and address")
    assert crowds.value("select count(*) from marts.identity_reviews") == 1
    assert crowds.value("select count(*) from intermediate.int_customers__in_review") == CROWD
    with psycopg.connect(crowds.database.url) as connection:
        connection.execute(DECIDE)
    crowds.build("int_customers__crowd_questions identity_reviews int_customers__in_review", "second")
    assert crowds.value("select count(*) from marts.identity_reviews") == 0
    assert crowds.value("select count(*) from intermediate.int_customers__in_review") == 0
