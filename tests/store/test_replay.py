"""Dead letters are replayed into the stage that refused them: only the named ones, and once."""

import pytest

from concord.errors import ConfigurationError
from concord.stages.replay.replay_dead_letters import (
    DeadLetters,
    ReplayCounts,
    replay_current_records,
    replay_kept_payloads,
)
from concord.store.engine import PLANNER
from concord.store.ledger.dead_letters import choose_dead_letters
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import open_shopfront, write_suites


@pytest.fixture
def refused(trip: RoundTrip) -> RoundTrip:
    """Two accounts that validation set aside for a name that is too long, and one sound one."""
    trip.vendor.put("accounts", "A-1", {"name": "x" * 70, "phone": "1"})
    trip.vendor.put("accounts", "A-2", {"name": "y" * 70, "phone": "2"})
    trip.vendor.put("accounts", "A-3", {"name": "Name 3", "phone": "3"})
    trip.ingest()
    return trip


def letter_of(trip: RoundTrip, key: str) -> str:
    ((letter,),) = trip.rows("select dead_letter_id from ops.dead_letters where record_key = %s", key)
    return str(letter)


def letter_of_name(trip: RoundTrip, start: str) -> str:
    ((letter,),) = trip.rows(
        "select dead_letter_id from ops.dead_letters where payload::jsonb ->> 'name' like %s", f"{start}%"
    )
    return str(letter)


def replay(trip: RoundTrip, *letters: str) -> ReplayCounts:
    meant = DeadLetters(trip.system, trip.system.resource("accounts"), letters)
    return replay_kept_payloads(trip.database, meant, suites=trip.suites)


def read(trip: RoundTrip, *letters: str, run: str = "replay 1") -> ReplayCounts:
    meant = DeadLetters(trip.system, trip.system.resource("accounts"), letters)
    with open_shopfront(trip.vendor.url) as session:
        return replay_current_records(trip.database, session, meant, reference=run, suites=trip.suites)


def choose(trip: RoundTrip, prefixes: list[str], system: str | None) -> dict[tuple[str, str], list[str]]:
    with trip.database.transaction(PLANNER) as connection:
        return choose_dead_letters(connection, prefixes, system=system)


def states(trip: RoundTrip) -> list[tuple[object, ...]]:
    return trip.rows("select record_key, state, attempts from ops.dead_letters order by 1")


def relax(trip: RoundTrip) -> None:
    """The business decides that long names are right."""
    trip.suites = write_suites(trip.suites.parent / "relaxed", longest=100)


def test_a_replay_of_what_is_still_wrong_changes_nothing_else(refused: RoundTrip) -> None:
    assert replay(refused, letter_of(refused, "A-1")) == ReplayCounts(1, 0, 1, 0)
    assert states(refused) == [("A-1", "open", 2), ("A-2", "open", 1)]


def test_exactly_the_named_letters_pass_once_the_rule_is_mended(refused: RoundTrip) -> None:
    relax(refused)
    assert replay(refused, letter_of(refused, "A-1")) == ReplayCounts(1, 1, 0, 0)
    assert states(refused) == [("A-1", "resolved", 2), ("A-2", "open", 1)]
    assert refused.rows("select _key from validated.shopfront__accounts order by 1") == [("A-1",), ("A-3",)]


def test_the_same_replay_five_times_has_one_effect(refused: RoundTrip) -> None:
    relax(refused)
    letter = letter_of(refused, "A-1")
    first = replay(refused, letter)
    kept = refused.rows("select * from validated.shopfront__accounts order by 1"), states(refused)
    again = [replay(refused, letter) for _ in range(4)]
    assert first.resolved == 1
    assert again == [ReplayCounts(0, 0, 0, 0)] * 4
    assert (refused.rows("select * from validated.shopfront__accounts order by 1"), states(refused)) == kept


def test_an_older_payload_never_overwrites_a_newer_record(refused: RoundTrip) -> None:
    letter = letter_of(refused, "A-1")
    refused.vendor.put("accounts", "A-1", {"name": "Mended"})
    refused.ingest(day=2)
    relax(refused)
    with refused.database.transaction() as connection:
        connection.execute("update ops.dead_letters set state = 'open' where dead_letter_id = %s", (letter,))
    assert replay(refused, letter).resolved == 1
    assert refused.rows("select account_name from validated.shopfront__accounts where _key = 'A-1'") == [
        ("Mended",)
    ]
    assert refused.rows(
        "select disposition from ops.dispositions join ops.batches using (batch_id) where purpose = 'replay'"
    ) == [("repeated",)]


def test_a_second_replay_keeps_the_books_of_the_first(refused: RoundTrip) -> None:
    first = letter_of(refused, "A-1")
    refused.vendor.put("accounts", "A-2", {"name": "z" * 170})
    refused.ingest(day=2)
    relax(refused)
    longer = letter_of_name(refused, "z")
    assert replay(refused, first, longer) == ReplayCounts(2, 1, 1, 0)
    assert replay(refused, first, longer) == ReplayCounts(1, 0, 1, 0)
    assert refused.rows(
        "select received, validated, quarantined from ops.batches where purpose = 'replay' order by 1"
    ) == [(1, 0, 1), (2, 1, 1)]


def test_a_replayed_batch_balances(refused: RoundTrip) -> None:
    replay(refused, letter_of(refused, "A-1"), letter_of(refused, "A-2"))
    assert refused.rows("select state, received, quarantined from ops.batches where purpose = 'replay'") == [
        ("covered", 2, 2)
    ]


def test_a_refused_change_is_planned_again_after_its_replay(trip: RoundTrip) -> None:
    trip.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "1"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", phone="bad")
    assert trip.write_back("night 1").rejected == 1
    letter = letter_of(trip, "A-1")
    assert replay(trip, letter) == ReplayCounts(0, 0, 0, 1)
    assert replay(trip, letter) == ReplayCounts(0, 0, 0, 0)
    trip.vendor.is_tolerant = True
    assert trip.write_back("night 2").confirmed == 1
    assert states(trip) == [("A-1", "resolved", 1)]


def test_a_record_corrected_at_its_source_is_let_in_by_reading_it_again(refused: RoundTrip) -> None:
    letter = letter_of(refused, "A-1")
    refused.vendor.put("accounts", "A-1", {"name": "Mended"})
    assert read(refused, letter) == ReplayCounts(1, 1, 0, 0)
    assert read(refused, letter, run="replay 2") == ReplayCounts(0, 0, 0, 0)
    assert states(refused) == [("A-1", "resolved", 2), ("A-2", "open", 1)]
    assert refused.rows("select account_name from validated.shopfront__accounts where _key = 'A-1'") == [
        ("Mended",)
    ]


def test_a_record_that_is_still_bad_or_gone_keeps_its_letter(refused: RoundTrip) -> None:
    letters = [letter_of(refused, key) for key in ("A-1", "A-2")]
    del refused.vendor.records["accounts"]["A-2"]
    assert read(refused, *letters) == ReplayCounts(2, 0, 2, 0)
    assert states(refused) == [("A-1", "open", 2), ("A-2", "open", 2)]
    assert refused.rows("select received, quarantined from ops.batches where purpose = 'read_back'") == [(1, 1)]


def test_letters_are_chosen_by_the_beginning_of_their_id_or_all_that_are_open(refused: RoundTrip) -> None:
    first, second = letter_of(refused, "A-1"), letter_of(refused, "A-2")
    place = ("shopfront", "accounts")
    assert choose(refused, [first[:10], first], system=None) == {place: [first]}
    assert sorted(choose(refused, [], system="shopfront")[place]) == sorted([first, second])
    assert choose(refused, [], system="another") == {}
    with pytest.raises(ConfigurationError, match="There is no dead letter 'zzz'"):
        choose(refused, ["zzz"], system=None)
    with pytest.raises(ConfigurationError, match="is of shopfront; do not ask for those of another"):
        choose(refused, [first], system="another")
    with pytest.raises(ConfigurationError, match="More than one dead letter is '', or begins so"):
        choose(refused, [""], system=None)
