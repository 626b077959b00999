"""What holds of the text of all models of dbt."""

import re

from concord.installed import PRODUCT


def test_a_model_that_may_loop_asks_for_nothing_that_is_missing() -> None:
    """PostgreSQL expects one row of a join by several columns, and then looks for what is missing in a loop."""
    texts = {path.stem: path.read_text() for path in (PRODUCT / "dbt_project/models").rglob("*.sql")}
    looping = {name: text for name, text in texts.items() if "'looks_up': true" in text}
    assert "int_customers__key_pairs" in looping
    asking = [name for name, text in looping.items() if re.search(r"\bis null|\bnot exists|\bnot in \(", text)]
    assert asking == []
