"""A property that was cleared comes as an empty text: its contact passes, and the value held before is gone."""

import json
from pathlib import Path

from concord.store.engine import Database
from tests.cases.landed import land_and_judge

CLEARED = json.loads((Path(__file__).parent / "data" / "03_hubspot_cleared.json").read_text(encoding="utf-8"))


def held(database: Database) -> list[tuple[object, ...]]:
    with database.transaction() as connection:
        return connection.execute("select email, phone from validated.hubspot__contacts").fetchall()


def test_a_cleared_property_is_no_value_and_replaces_what_was_held(database: str) -> None:
    warehouse = Database(database)
    properties = {**CLEARED[0]["properties"], "phone": "+493012345678"}
    properties["lastmodifieddate"] = "2026-11-27T08:00:00.123Z"
    night = [{**CLEARED[0], "properties": properties}], [CLEARED[0]], [CLEARED[1]]
    expected = ("a@example.com", "+493012345678"), ("a@example.com", None), (None, "+493012345678")
    for number, (records, row) in enumerate(zip(night, expected, strict=True)):
        page = [json.dumps(record).encode() for record in records]
        counts = land_and_judge(warehouse, "hubspot/contacts", page, reference=str(number))
        assert (counts.validated, counts.quarantined) == (1, 0)
        assert held(warehouse) == [row]
