"""What is said where dbt could not build everything."""

import pytest

from concord.stages.transform import NodeResult, say_failure

WRONG = NodeResult("model.concord.orders", "error", None, 0.1, 'column "total" does not exist')
FULL = NodeResult("model.concord.orders", "error", None, 0.1, "could not extend a file: No space left on device")


@pytest.mark.parametrize(
    ("failed", "advice"), [(WRONG, "Correct the data or the model"), (FULL, "free some, then run the task again")]
)
def test_a_failed_node_is_named_with_what_to_do_about_it(failed: NodeResult, advice: str) -> None:
    said = say_failure([failed], 12)
    assert said.startswith(f"1 of 12 dbt nodes failed (orders: {failed.message})")
    assert advice in said
