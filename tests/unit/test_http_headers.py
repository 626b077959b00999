"""Which headers a call carries."""

from concord.contract import VendorRules
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.settings import Connection
from tests.unit.opened import Token
from tests.unit.wire import answer, serving


def test_headers_of_a_call_come_before_those_of_the_system() -> None:
    rules = VendorRules(headers={"Revision": "2026-07-15", "Accept": "application/vnd.api+json"})
    with serving(answer(), answer()) as wire:
        ways = SessionSettings(rules, retry_limits=RetryLimits(sleep=lambda seconds: None, read_seconds=2))
        session = HttpSession(Connection("test_default", wire.url), Token(), ways)
        session.with_headers({"If-Match": "7", "Accept": "text/csv"}).send("GET", "/one")
        session.send("GET", "/two")
    first, second = (item.headers for item in wire.asked)
    assert (first["revision"], first["if-match"], first["accept"]) == ("2026-07-15", "7", "text/csv")
    assert (second.get("if-match"), second["accept"]) == (None, "application/vnd.api+json")
    assert session.statistics.calls == 2
