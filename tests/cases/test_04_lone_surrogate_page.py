"""Half of a character in one record of a page: that record is set aside with its bytes, the others pass."""

from pathlib import Path

import msgspec
import pytest

from concord.installed import PRODUCT
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.registry import system
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from tests.store.listing import NOVEMBER
from tests.unit.opened import Token
from tests.unit.wire import answer, serving

PAGE = (Path(__file__).parent / "data" / "04_lone_surrogate_page.json").read_bytes()
HALF = rb'"firstname":"Zo\ud83d"'
DAMAGED = {
    "half a character": HALF,
    "a null character": b'"firstname":"Zo\0"',
    "a control character": b'"firstname":"Zo\x1b[0m"',
    "another code page": b'"firstname":"Zo\xeb"',
    "no number": b'"firstname":NaN',
    "too deep": b'"firstname":' + b"[" * 3000 + b"]" * 3000,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_record_of_a_page_is_set_aside_alone(database: str, damage: str) -> None:
    warehouse, hubspot = Database(database), system("hubspot")
    contacts = hubspot.resource("contacts")
    create_tables(warehouse, hubspot, contacts)
    page, nothing = PAGE.replace(HALF, DAMAGED[damage]), b'{"total": 0, "results": []}'
    assert HALF in PAGE
    known = [{"name": field.parts[-1], "type": "string"} for field in contacts.fields]
    described = msgspec.json.encode({"results": known})
    with serving(*(answer(body=body) for body in (described, page, nothing))) as wire:
        settings = SessionSettings(hubspot.rules, RetryLimits())
        session = HttpSession(Connection("hubspot_default", wire.url), Token(), settings)
        batch = extract_window(warehouse, session, system=hubspot, resource=contacts, window=NOVEMBER)
    suites = PRODUCT / "expectations"
    counts = validate_batch(warehouse, system=hubspot, resource=contacts, batch_id=batch, suites=suites)
    assert counts == BatchCounts(2, 1, 1, 0)
    with warehouse.transaction() as connection:
        ((key, payload),) = connection.execute(
            "select distinct record_key, payload from ops.dead_letters"
        ).fetchall()
    assert key == "7"
    assert DAMAGED[damage].decode("utf-8", "backslashreplace").replace("\0", "\\u0000") in str(payload)
