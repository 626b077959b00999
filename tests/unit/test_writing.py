"""What all writers share: masked sentences, guards that compare meaning, an outcome for every change."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from concord.contract import Change, End, Kind, Outcome
from concord.errors import (
    AuthenticationError,
    ChangeConflictError,
    NetworkError,
    OutcomeUnknownError,
    RequestError,
)
from concord.protocols.session.masking import masked
from concord.protocols.values import are_same
from concord.protocols.writing import Send, Settled, confirmed, settle, settle_all


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Email ada@example.com is taken", "ada@example.com"),
        ("call +49 (30) 123-4567 now", "123-4567"),
        ("no account 00491234567", "00491234567"),
        ("duplicates value Nordwind on record", "Nordwind"),
        ("DUPLICATES NORDWIND", "NORDWIND"),
    ],
)
def test_a_masked_sentence_holds_nothing_personal(text: str, hidden: str) -> None:
    assert hidden not in masked(text, ["Nordwind", None, True, ""])


def test_a_masked_sentence_is_one_short_line() -> None:
    assert masked("a\n\tb") == "a b"
    assert len(masked("word " * 200)) == 200


@pytest.mark.parametrize(
    ("kind", "left", "right", "same"),
    [
        (Kind.TIMESTAMP, "2026-11-01T08:09:10.000+0000", "2026-11-01T08:09:10Z", True),
        (
            Kind.TIMESTAMP,
            datetime(2026, 11, 1, 9, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-01T08:00:00Z",
            True,
        ),
        (Kind.TIMESTAMP, "2026-11-01T08:09:10.000001Z", "2026-11-01T08:09:10Z", False),
        (Kind.TIMESTAMP, "soon", "soon", False),
        (Kind.DECIMAL, "12.30", 12.3, True),
        (Kind.INTEGER, 5, "6", False),
        (Kind.TEXT, "1793555344.0", "1793555344.0", True),
        (Kind.TEXT, None, "", True),
        (Kind.TEXT, None, None, True),
    ],
)
def test_guards_compare_meaning_and_not_spelling(kind: Kind, left: object, right: object, same: bool) -> None:
    assert are_same(kind, left, right) is same


def change(name: str) -> Change:
    return Change(name, name, "update", {}, {"city": "Bern"}, {})


def test_a_refused_call_is_narrowed_down_to_the_change_at_fault() -> None:
    def send(changes: list[Change]) -> list[Outcome]:
        if any(item.change_id == "bad" for item in changes):
            raise RequestError("Bern is not a city")
        return [confirmed(item) for item in changes]

    outcomes = settle_all([[change("one"), change("bad"), change("two")]], send)  # type: ignore[arg-type]
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.REJECTED, End.CONFIRMED]
    assert outcomes[1].message == "… is not a city"


def test_a_change_the_answer_does_not_mention_is_unknown() -> None:
    outcomes = settle_all([[change("one"), change("two")]], lambda changes: [confirmed(changes[1])])
    assert {item.change_id: item.end for item in outcomes} == {"two": End.CONFIRMED, "one": End.UNKNOWN}


def test_what_was_done_before_a_call_failed_is_kept_and_the_rest_is_held() -> None:
    def send(changes: list[Change]) -> list[Outcome]:
        if changes[0].change_id == "two":
            raise NetworkError("gone")
        return [confirmed(item) for item in changes]

    outcomes = settle_all([[change("one")], [change("two")], [change("three")]], send)  # type: ignore[arg-type]
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.HELD, End.HELD]


def test_a_change_of_which_a_step_was_written_is_never_called_not_sent() -> None:
    first = confirmed(change("one"))
    outcomes = settle_all([[change("one"), change("two")]], raising(NetworkError("gone")), [first])
    last = {item.change_id: item for item in outcomes}
    assert {name: item.end for name, item in last.items()} == {"one": End.UNKNOWN, "two": End.HELD}
    assert "Not sent" not in last["one"].message


def test_a_first_call_that_fails_is_the_callers_to_repeat() -> None:
    def send(changes: object) -> list[Outcome]:
        raise AuthenticationError("no")

    with pytest.raises(AuthenticationError):
        settle_all([[change("one")]], send)


def test_one_call_that_cannot_be_made_leaves_its_changes_unsent() -> None:
    error = NetworkError("gone")
    settled = settle([change("one"), change("two")], raising(error))
    assert settled == Settled([], [change("one"), change("two")], error)


def test_a_lost_answer_makes_all_of_a_call_unknown() -> None:
    settled = settle([change("one"), change("two")], raising(OutcomeUnknownError("lost")))
    assert [(item.end, item.message) for item in settled.outcomes] == [(End.UNKNOWN, "lost")] * 2


def test_narrowing_down_stops_at_a_call_that_cannot_be_made() -> None:
    def send(changes: Sequence[Change]) -> list[Outcome]:
        if len(changes) > 1:
            raise RequestError("one of them is bad")
        if changes[0].change_id == "two":
            raise NetworkError("gone")
        return [confirmed(changes[0])]

    settled = settle([change("one"), change("two"), change("three")], send)
    assert [item.change_id for item in settled.outcomes] == ["one"]
    assert [item.change_id for item in settled.unsent] == ["two", "three"]


def test_a_conflict_that_a_call_raises_is_the_outcome_of_its_change() -> None:
    settled = settle([change("one")], raising(ChangeConflictError("it moved")))
    assert [(item.end, item.message) for item in settled.outcomes] == [(End.CONFLICTED, "it moved")]


def raising(error: Exception) -> Send:
    def send(changes: Sequence[Change]) -> list[Outcome]:
        raise error

    return send
