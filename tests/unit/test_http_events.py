"""Lists that continue after the last id, events in place of an update filter, and bracketed forms."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from concord.contract import Change, ChangedBetween, End, Field, Kind, Resource, VendorRules, Window, Writes
from concord.errors import OutcomeUnknownError, RequestError, ServerError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.settings import Connection
from concord.systems.stripe.events import EventFeed, ThroughEvents, span_of
from concord.systems.stripe.form_writes import FormUpdates, form_of
from concord.systems.stripe.lists import AS_SECOND, LastIdList, second_at, with_knowledge
from tests.unit.opened import Token
from tests.unit.wire import Wire, answer, serving

RETRY_LIMITS = RetryLimits(sleep=lambda seconds: None, read_seconds=2)
RULES = VendorRules(lock_codes=frozenset({"lock_timeout"}), retry_header="Should-Retry")
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = Window(NOW - timedelta(hours=1), NOW + timedelta(hours=1))

people = Resource(
    name="people",
    read=ThroughEvents(LastIdList("/people"), EventFeed(LastIdList("/events"), ("made", "moved"))),
    key="source_id",
    fields=(
        Field("id", "source_id", required=True),
        Field("home.city", "city"),
        Field("_concord.hash", "content_hash"),
        Field("_concord.changed", "changed_at", Kind.TIMESTAMP, form=AS_SECOND),
    ),
    changes=ChangedBetween("changed_at"),
    writes=Writes(FormUpdates(LastIdList("/people")), update=frozenset({"city"}), guard="content_hash"),
)


def session_to(wire: Wire) -> HttpSession:
    return HttpSession(Connection("test_default", wire.url), Token(), SessionSettings(RULES, RETRY_LIMITS))


def listed(*records: object, has_more: bool = False) -> bytes:
    return answer(body=json.dumps({"data": records, "has_more": has_more}).encode())


def event(key: str, created: datetime, kind: str = "moved") -> dict[str, object]:
    return {"id": "e", "type": kind, "created": int(created.timestamp()), "data": {"object": {"id": key}}}


def read(wire: Wire, window: Window = HOUR) -> list[dict[str, object]]:
    pages = people.read.read_window(session_to(wire), people, window)
    return [msgspec.json.decode(raw) for page in pages for raw in page]


def asked(wire: Wire, number: int) -> tuple[str, dict[str, list[str]]]:
    target = urlsplit(wire.asked[number].line.split()[1])
    return target.path, parse_qs(target.query)


def test_the_latest_of_several_events_decides_in_whatever_order_they_come() -> None:
    early, late = NOW - timedelta(minutes=9), NOW - timedelta(minutes=3)
    events = listed(event("a", early), event("a", late), event("a", early, "made"))
    with serving(events, listed(), answer(body=b'{"id":"a","created":1}')) as wire:
        (record,) = read(wire)
    assert record["_concord"] == {"changed": int(late.timestamp()), "hash": record["_concord"]["hash"]}  # type: ignore[index]
    path, query = asked(wire, 0)
    assert (path, query["types[]"]) == ("/events", ["made", "moved"])
    assert asked(wire, 2)[0] == "/people/a"


def test_what_was_touched_after_the_window_is_left_to_a_later_one() -> None:
    made = {"id": "a", "created": int(NOW.timestamp())}
    with serving(listed(event("a", HOUR.end)), listed(made)) as wire:
        assert read(wire) == []
    assert len(wire.asked) == 2


def test_a_record_that_an_event_names_and_nobody_has_is_none() -> None:
    with serving(listed(event("a", NOW)), listed(), answer(404)) as wire:
        assert read(wire) == []


def test_a_creation_without_an_event_is_seen_by_its_stamp() -> None:
    made = {"id": "a", "created": int(NOW.timestamp())}
    with serving(listed(), listed(made)) as wire:
        (record,) = read(wire)
    assert record["_concord"]["changed"] == made["created"]  # type: ignore[index]


@pytest.mark.parametrize(
    "script",
    [[listed(), listed({"created": 1}, has_more=True)], [listed(has_more=True)]],
    ids=["no id", "empty page"],
)
def test_an_answer_that_cannot_be_read_on_from_stops_the_reading(script: list[bytes]) -> None:
    with serving(*script) as wire, pytest.raises(ServerError, match="run the task again"):
        read(wire)


def test_a_record_that_is_not_utf_8_keeps_its_bytes_and_gets_its_stamp() -> None:
    raw = with_knowledge(msgspec.Raw(b'{"id":"a","name":"\xff"} '), 7, container="b")
    assert bytes(raw).startswith(b'{"id":"a","name":"\xff","_concord":{"changed":7,')
    assert bytes(raw).endswith(b',"container":"b"}}')


def test_the_hash_is_of_what_a_record_says_and_not_of_how() -> None:
    one, same, other = (
        msgspec.json.decode(with_knowledge(msgspec.Raw(text), second))["_concord"]["hash"]
        for text, second in ((b'{"a":1,"b":{"c":2}}', 1), (b'{ "b": {"c": 2}, "a": 1}', 2), (b'{"a":1}', 1))
    )
    assert one == same != other


def test_both_ends_of_a_window_are_kept_in_whole_seconds() -> None:
    half = timedelta(microseconds=500_000)
    assert second_at(NOW) == int(NOW.timestamp())
    assert second_at(NOW + half) == int(NOW.timestamp()) + 1
    span = span_of(Window(NOW, NOW + half), known_from=0)
    assert (span.end - span.start, span.is_known, span.is_forgotten) == (1, True, False)


def test_a_form_has_brackets_for_depth() -> None:
    values = {("name",): "A & B", ("address", "city"): "Ulm", ("metadata", "a", "b"): ""}
    assert form_of(values) == b"name=A+%26+B&address%5Bcity%5D=Ulm&metadata%5Ba%5D%5Bb%5D="


PERSON = answer(body=b'{"id":"a","home":{"city":"Ulm"}}')
HASH = msgspec.json.decode(with_knowledge(msgspec.Raw(b'{"id":"a","home":{"city":"Ulm"}}'), 0))["_concord"]["hash"]
MOVE = Change("change-1", "a", "update", {"city": "Ulm"}, {"city": "Bonn"}, {"content_hash": HASH})


@pytest.mark.parametrize(
    ("answers", "end", "calls"),
    [
        ([PERSON], End.CONFIRMED, 2),
        (["close", PERSON], End.CONFIRMED, 3),
        (["close"], End.UNKNOWN, 4),
        ([answer(409, b'{"error":{"code":"idempotency_key_in_use"}}'), PERSON], End.CONFIRMED, 3),
        ([answer(400, b'{"error":{"message":"No city"}}')], End.REJECTED, 2),
        ([answer(429, b'{"error":{"code":"lock_timeout"}}'), PERSON], End.CONFIRMED, 3),
        ([answer(200, b'{"id":"b"}')], End.UNKNOWN, 2),
        ([answer(500, b"{}"), PERSON], End.CONFIRMED, 3),
    ],
    ids=["taken", "lost once", "lost for good", "in use", "refused", "held", "another one", "failed once"],
)
def test_a_write_under_a_key_comes_to_its_end(answers: list[bytes | str], end: End, calls: int) -> None:
    with serving(PERSON, *answers) as wire:
        (outcome,) = people.writes.writer.write(session_to(wire), people, [MOVE])  # type: ignore[union-attr]
    assert (outcome.end, len(wire.asked)) == (end, calls)
    sent = wire.asked[1:]
    assert {(item.body, item.headers["idempotency-key"]) for item in sent} == {
        (b"home%5Bcity%5D=Bonn", "change-1")
    }


@pytest.mark.parametrize(
    ("status", "advice", "error", "calls"),
    [
        (500, "false", ServerError, 1),
        (409, "true", RequestError, RETRY_LIMITS.attempts),
        (409, "", RequestError, 1),
    ],
)
def test_a_vendor_may_say_whether_sending_again_helps(
    status: int, advice: str, error: type[Exception], calls: int
) -> None:
    with serving(answer(status, Should_Retry=advice)) as wire, pytest.raises(error):
        session_to(wire).send("GET", "/people")
    assert len(wire.asked) == calls


def test_no_advice_sends_a_write_again_that_may_have_arrived() -> None:
    with serving(answer(500, Should_Retry="true")) as wire, pytest.raises(OutcomeUnknownError):
        session_to(wire).send("POST", "/people", is_write=True)
    assert len(wire.asked) == 1
