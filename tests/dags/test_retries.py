"""What a task does after each kind of error."""

import inspect
from datetime import timedelta

import pytest
from airflow.sdk import RetryAction

from concord import errors
from concord.errors import ConcordError, NetworkError, OutcomeUnknownError, RateLimitError
from concord.orchestration.defaults import ErrorTreeRetryPolicy

ACTIONS = {
    "ConfigurationError": RetryAction.FAIL,
    "ContractError": RetryAction.FAIL,
    "TransientError": RetryAction.RETRY,
    "NetworkError": RetryAction.RETRY,
    "RateLimitError": RetryAction.RETRY,
    "ServerError": RetryAction.RETRY,
    "PermanentError": RetryAction.FAIL,
    "AuthenticationError": RetryAction.FAIL,
    "RequestError": RetryAction.FAIL,
    "RecordError": RetryAction.FAIL,
    "ContractViolationError": RetryAction.FAIL,
    "ChangeRejectedError": RetryAction.FAIL,
    "ChangeConflictError": RetryAction.FAIL,
    "BatchError": RetryAction.FAIL,
    "ExpectationsFailedError": RetryAction.FAIL,
    "OutcomeUnknownError": RetryAction.RETRY,
}


def decide(error: BaseException, try_number: int = 1) -> tuple[RetryAction, timedelta | None]:
    decision = ErrorTreeRetryPolicy().evaluate(error, try_number, 3)
    return decision.action, decision.retry_delay


def test_every_error_of_ours_is_decided() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ConcordError)]
    assert {kind.__name__ for kind in kinds} == {"ConcordError", *ACTIONS}


@pytest.mark.parametrize(("name", "action"), ACTIONS.items(), ids=ACTIONS)
def test_an_error_is_retried_only_where_that_can_help(name: str, action: RetryAction) -> None:
    assert decide(getattr(errors, name)("It failed; do this."))[0] is action


@pytest.mark.parametrize("error", [RuntimeError("a mistake of ours"), MemoryError(), ConcordError("?")])
def test_what_the_tree_does_not_know_keeps_airflows_own_retries(error: BaseException) -> None:
    assert decide(error) == (RetryAction.DEFAULT, None)


def test_the_wait_doubles_with_each_try() -> None:
    minutes = [decide(NetworkError("no answer"), number)[1] for number in (1, 2, 3)]
    assert minutes == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [(None, 60), (5.0, 60), (90.0, 90), (864_000.0, 3600), (-10.0, 60)],
    ids=["nothing", "less than a minute", "more", "ten days", "a moment past"],
)
def test_the_wait_is_what_the_vendor_asks_for_within_an_hour(asked: float | None, waited: int) -> None:
    assert decide(RateLimitError("wait", retry_after=asked))[1] == timedelta(seconds=waited)


def test_an_unknown_outcome_is_settled_by_the_next_try() -> None:
    assert decide(OutcomeUnknownError("cut off")) == (RetryAction.RETRY, timedelta(minutes=1))


def test_the_reason_is_the_sentence_of_the_error() -> None:
    assert ErrorTreeRetryPolicy().evaluate(NetworkError("No answer."), 1, 3).reason == "No answer."
