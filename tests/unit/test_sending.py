"""When the sending of changes stops, which changes go back to the plan, and which are sent."""

import pytest

from concord.contract import Change, End, Outcome
from concord.errors import AuthenticationError, ConcordError, ServerError, TransientError
from concord.protocols.writing import Settled
from concord.stages.write_back.send import ATTEMPTS, FAILURES_IN_A_ROW, Tally, hide_in_messages, return_held
from concord.store.ledger.changes import StoredChange


def change(name: str) -> Change:
    return Change(name, f"K-{name}", "update", {}, {}, {})


def result(*ends: End, unsent: int = 0, error: ConcordError | None = None) -> Settled:
    outcomes = [Outcome(str(number), end) for number, end in enumerate(ends)]
    return Settled(outcomes, [change(f"unsent {number}") for number in range(unsent)], error)


def tally(*results: Settled) -> Tally:
    counted = Tally()
    for each in results:
        counted.add(each)
    return counted


def test_failures_in_a_row_stop_the_sending_and_a_known_outcome_between_them_does_not() -> None:
    silence = [result(End.UNKNOWN)] * (FAILURES_IN_A_ROW - 1)
    assert not tally(*silence, result(End.CONFIRMED), *silence).is_stopped
    assert tally(*silence, result(End.UNKNOWN)).is_stopped


def test_an_error_that_will_not_pass_stops_the_sending_at_once() -> None:
    stopped = tally(result(End.CONFIRMED), result(unsent=2, error=AuthenticationError("Wrong password.")))
    assert stopped.is_stopped
    with pytest.raises(AuthenticationError):
        stopped.needs_another_pass(is_exhausted=False)


@pytest.mark.parametrize(
    ("results", "is_exhausted", "expected"),
    [
        pytest.param([result(End.CONFIRMED)], True, False, id="all sent"),
        pytest.param(
            [result(End.CONFIRMED), result(unsent=1, error=ServerError("Down."))], True, True, id="unsent"
        ),
        pytest.param([result(End.CONFIRMED), result(error=ServerError("Down."))], False, True, id="stopped early"),
        pytest.param([result(End.CONFIRMED), result(error=ServerError("Down."))], True, False, id="none is left"),
    ],
)
def test_another_pass_is_made_for_changes_that_were_left(
    results: list[Settled], is_exhausted: bool, expected: bool
) -> None:
    assert tally(*results).needs_another_pass(is_exhausted=is_exhausted) is expected


def test_a_pass_without_any_known_outcome_raises_what_was_in_the_way() -> None:
    with pytest.raises(ServerError):
        tally(result(unsent=2, error=ServerError("Down."))).needs_another_pass(is_exhausted=True)


def test_what_a_writer_held_is_returned_until_it_was_tried_often_enough() -> None:
    stored = [StoredChange(change("0"), 1, attempts=ATTEMPTS - 1), StoredChange(change("1"), 2, attempts=0)]
    settled = result(End.HELD, End.HELD, End.CONFIRMED)
    return_held(settled, stored)
    assert [outcome.change_id for outcome in settled.outcomes] == ["0", "2"]
    assert settled.unsent == [change("1")]
    assert isinstance(settled.error, TransientError)


def test_what_is_known_of_a_person_stays_out_of_outcomes_and_errors() -> None:
    quoted = 'A value is required in record "Clara Martin" of Berlin'
    settled = result(error=ServerError(quoted))
    settled.outcomes = [Outcome("0", End.REJECTED, "K-0", quoted)]
    hide_in_messages(settled, ["Clara Martin", {"city": "Berlin"}])
    assert settled.error is not None
    told = [settled.outcomes[0].message, settled.error.message, str(settled.error)]
    assert told == ['A value is required in record "…" of …'] * 3
