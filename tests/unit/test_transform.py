"""The messages when dbt could not build everything."""

import pytest

from concord.stages.reconcile.transform import NodeResult, describe_failure
from concord.store.engine import hide_rows

WRONG = NodeResult("model.concord.orders", "error", None, 0.1, 'column "total" does not exist')
FULL = NodeResult("model.concord.orders", "error", None, 0.1, "could not extend a file: No space left on device")


@pytest.mark.parametrize(
    ("failed", "advice"), [(WRONG, "Correct the data or the model"), (FULL, "free some, then run the task again")]
)
def test_a_failed_node_is_named_with_what_to_do_about_it(failed: NodeResult, advice: str) -> None:
    said = describe_failure([failed], 12)
    assert said.startswith(f"1 of 12 dbt nodes failed (orders: {failed.message})")
    assert advice in said


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            'duplicate key value violates "names"\nDETAIL:  Key (name)=(Ottilie\nZwischenruf) already exists.\n',
            'duplicate key value violates "names"',
        ),
        (
            'invalid input syntax for type numeric: "Ottilie\nZwischenruf"',
            "invalid input syntax for type numeric: …",
        ),
        (
            "(DataException) no number\n[SQL: select 'Ottilie'::int]\n[parameters: ('Zwischenruf',)]",
            "(DataException) no number",
        ),
    ],
    ids=["a row with a line end in a cell", "a value of two lines", "the library of expectations"],
)
def test_rows_that_postgresql_quotes_are_left_out(message: str, shown: str) -> None:
    assert hide_rows(message) == shown
