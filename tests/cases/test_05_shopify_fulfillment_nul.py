"""U+0000 inside a document from which a form takes values: the record is set aside, and the others are judged."""

import json
from pathlib import Path

import pytest

from concord.contract import Resource
from concord.registry import declared_systems
from concord.store.engine import Database
from tests.cases.landed import land_and_judge

RECORD = (Path(__file__).parent / "data" / "05_shopify_fulfillment_nul.json").read_bytes()
FORMED = [
    (f"{system.name}/{resource.name}", resource)
    for system in declared_systems()
    for resource in system.resources
    if any(field.landed_as_json for field in resource.fields)
]


def test_a_null_character_in_a_document_sets_its_record_aside_alone(database: str) -> None:
    sound = RECORD.replace(rb"\u0000", b"").replace(b"FulfillmentOrder/6", b"FulfillmentOrder/7")
    counts = land_and_judge(Database(database), "shopify/fulfillment_orders", [RECORD, sound])
    assert (counts.received, counts.validated, counts.quarantined) == (2, 1, 1)
    with Database(database).transaction() as connection:
        rows = connection.execute("select record_key, message from ops.dead_letters").fetchall()
    assert [row[0] for row in rows] == ["gid://shopify/FulfillmentOrder/6"]
    assert "fulfillment_source_id is not valid JSON" in str(rows[0][1])


@pytest.mark.parametrize(("where", "resource"), FORMED, ids=[where for where, _ in FORMED])
def test_so_it_is_for_every_document_that_a_form_reads(database: str, where: str, resource: Resource) -> None:
    assert len(FORMED) > 2
    fields = [field for field in resource.fields if field.landed_as_json]
    record: dict[str, object] = {}
    for field in fields:
        within = record
        for part in field.parts[:-1]:
            within = within.setdefault(part, {})  # type: ignore[assignment]  # objects are made on the way
        within[field.parts[-1]] = [{"text": "\0"}]
    counts = land_and_judge(Database(database), where, [json.dumps(record).encode()])
    assert (counts.received, counts.quarantined) == (1, 1)
