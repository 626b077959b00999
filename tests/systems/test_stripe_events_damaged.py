"""An event that cannot be read hides no change: its record is read all the same, or it is set aside itself."""

import pytest

from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.registry import system
from concord.settings import Connection
from concord.systems.stripe.events import EventFeed
from concord.systems.stripe.lists import LastIdList
from tests.unit.opened import Token
from tests.unit.wire import answer, serving

SINCE = 1_793_000_000
FEED = EventFeed(
    LastIdList("/v1/events"),
    ("customer.updated",),
    {"charge.updated": "charge"},
)
SOUND = b'{"id": "evt_1", "created": 1793000100, "type": "customer.updated", "data": {"object": {"id": "cus_1"}}}'
NAMED = {
    "no time": (b"1793000100", b"null"),
    "a time as text": (b"1793000100", b'"yesterday"'),
    "a fraction": (b"1793000100", b"1793000100.5"),
    "a time beyond all": (b"1793000100", b"99999999999999999999"),
    "half a character": (b'"evt_1"', b'"evt_\\ud83d"'),
    "a second value": (b"1793000100", b"1793000100 7"),
}
NAMELESS = {
    "no id": (b'{"id": "cus_1"}', b"{}"),
    "an id of another shape": (b'"cus_1"', b'["cus_1"]'),
    "an id that cannot be read": (b'"cus_1"', b'"cus_\\ud83d"'),
    "no object": (b'{"id": "cus_1"}', b'"cus_1"'),
    "no event": (SOUND, b'"evt_1"'),
    "no type": (b'"customer.updated"', b"7"),
}


def read(damage: tuple[bytes, bytes]) -> tuple[dict[str, int], list[bytes]]:
    """The touched records, and the events set aside, of a page with a sound event and a damaged one."""
    other = SOUND.replace(b"evt_1", b"evt_2").replace(b"cus_1", b"cus_2")
    assert damage[0] in SOUND
    page = b'{"data": [' + other + b", " + SOUND.replace(*damage) + b'], "has_more": false}'
    customers = system("stripe").resource("customers")
    with serving(answer(body=page)) as wire:
        settings = SessionSettings(system("stripe").rules, RetryLimits())
        session = HttpSession(Connection("stripe_default", wire.url), Token(), settings)
        touched = FEED.latest(session, customers, SINCE)
    return touched.seconds, [bytes(raw) for raw in touched.unreadable]


@pytest.mark.parametrize("damage", NAMED)
def test_the_record_of_an_event_without_a_time_is_read(damage: str) -> None:
    seconds, aside = read(NAMED[damage])
    assert seconds == {"cus_1": 1793000100 if "evt" in str(NAMED[damage]) else SINCE, "cus_2": 1793000100}
    assert aside == []


@pytest.mark.parametrize("damage", NAMELESS)
def test_an_event_that_names_no_record_is_set_aside(damage: str) -> None:
    seconds, aside = read(NAMELESS[damage])
    assert seconds == {"cus_2": 1793000100}
    assert len(aside) == 1
