"""The retry loop and the poll loop: how often, after which waits, and what is never repeated."""

from collections.abc import Callable

import pytest

from concord.errors import ConcordError, NetworkError, OutcomeUnknownError, RequestError, ServerError
from concord.protocols.session.retries import Backoff, poll, retry

BACKOFF = Backoff(attempts=4, first_wait=1.0, longest_wait=3.0)


class Script:
    """A step that ends as written: with an error, or with a value."""

    def __init__(self, *ends: ConcordError | int) -> None:
        self.ends, self.waits = list(ends), list[float]()

    def __call__(self) -> int:
        end = self.ends.pop(0)
        if isinstance(end, ConcordError):
            raise end
        return end

    def retry(self, **options: bool | Callable[[ConcordError], bool]) -> int:
        return retry(self, BACKOFF, self.waits.append, **options)  # type: ignore[arg-type]


def test_waits_double_up_to_the_longest() -> None:
    script = Script(*[NetworkError("gone")] * 3, 7)
    assert (script.retry(), script.waits) == (7, [1.0, 2.0, 3.0])


def test_the_last_attempt_raises_and_says_how_many_there_were() -> None:
    script = Script(*[NetworkError("gone")] * 4)
    with pytest.raises(NetworkError) as caught:
        script.retry()
    assert (caught.value.facts["attempts"], len(script.waits)) == (4, 3)


def test_the_vendors_wish_takes_the_place_of_the_wait() -> None:
    script = Script(ServerError("busy", retry_after=2.5), ServerError("busy", retry_after=900), 7)
    assert (script.retry(), script.waits) == (7, [2.5, 3.0])


def test_what_cannot_be_helped_is_raised_at_once() -> None:
    script = Script(RequestError("no"), 7)
    with pytest.raises(RequestError):
        script.retry()
    assert script.waits == []


def test_a_write_that_may_have_arrived_is_never_sent_twice() -> None:
    script = Script(OutcomeUnknownError("sent"), 7)
    with pytest.raises(OutcomeUnknownError):
        script.retry(may_repeat=lambda error: True)
    assert (script.ends, script.waits) == ([7], [])


def test_under_an_idempotency_key_it_is() -> None:
    script = Script(OutcomeUnknownError("sent"), NetworkError("gone"), 7)
    assert script.retry(may_repeat=lambda error: False, is_idempotent=True) == 7


def test_an_unknown_outcome_stays_one_when_no_later_attempt_is_heard() -> None:
    script = Script(OutcomeUnknownError("sent"), *[NetworkError("gone")] * 3)
    with pytest.raises(OutcomeUnknownError, match="sent"):
        script.retry(is_idempotent=True)


def test_a_later_refusal_ends_an_unknown_outcome() -> None:
    with pytest.raises(RequestError):
        Script(OutcomeUnknownError("sent"), RequestError("no")).retry(is_idempotent=True)


@pytest.mark.parametrize(("known", "waits"), [(None, [1.0]), (0, [1.0, 2.0])], ids=["unknown", "known"])
def test_a_poll_ends_with_what_is_over(known: int | None, waits: list[float]) -> None:
    script = Script(1, 2, 3)
    assert poll(script, lambda seen: seen == 2, BACKOFF, script.waits.append, known=known) == 2
    assert script.waits == waits


def test_a_poll_gives_what_it_saw_last() -> None:
    script = Script(1, 2, 3, 4, 5)
    assert poll(script, lambda seen: False, BACKOFF, script.waits.append) == 4
    assert script.waits == [1.0, 2.0, 3.0]
