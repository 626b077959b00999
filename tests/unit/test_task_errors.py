"""What of an error reaches the log of a task."""

import logging
import traceback

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowSkipException

from concord.errors import RequestError
from concord.orchestration.task_errors import ForeignError, log_errors

NAME = "Ottilie Zwischenruf"


def log_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


@log_errors()
def write_row() -> None:
    try:
        execute()
    except psycopg.Error as error:
        raise RequestError("The database refuses the record.") from error


def execute() -> None:
    try:
        {}[NAME]  # type: ignore[index]  # a defect of a driver
    except KeyError as error:
        raise psycopg.DataError(f"Failing row contains ({NAME})") from error


def test_the_words_of_other_libraries_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(RequestError) as caught:
        write_row()
    told = log_of(caught.value)
    assert NAME not in told + caplog.text
    assert "RequestError: The database refuses the record." in caplog.text
    for part in ("psycopg.DataError", "builtins.KeyError", "test_task_errors.py", "raise psycopg.DataError"):
        assert part in told


def test_a_defect_is_told_by_its_class_and_place() -> None:
    with pytest.raises(ForeignError) as caught:
        log_errors()(int)(NAME)
    told = log_of(caught.value)
    assert NAME not in told
    assert "builtins.ValueError at " in told


def skip() -> None:
    raise AirflowSkipException("nothing to do")


def test_airflows_own_signals_pass_as_they_are() -> None:
    with pytest.raises(AirflowSkipException, match="nothing to do"), log_errors():
        skip()
