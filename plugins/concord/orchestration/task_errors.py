"""What of an error reaches the log of a task: Concord's own sentence, and where it was raised.

Errors of other libraries quote rows, parameters and responses. Of them the log shows the class and the lines of
code, in the chain of causes too, and never the words.
"""

import logging
from contextlib import ContextDecorator
from traceback import extract_tb
from types import TracebackType
from typing import Self

from concord.errors import ConcordError

log = logging.getLogger(__name__)


class ForeignError(Exception):
    """An error of another library, or a defect of Concord, without its words."""


class log_errors(ContextDecorator):  # noqa: N801  # used like a function
    """Write the message of an error into the task's log, without the data it was about, and raise the error.

    An error that is not Concord's goes on as a `ForeignError`; those by which Airflow steers a task are not.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception) or type(error).__module__.startswith("airflow"):
            return
        conceal_causes(error)
        if not isinstance(error, ConcordError):
            raise _without_words(error) from error.__cause__
        log.error("%s: %s", type(error).__name__, error.message)


def conceal_causes(error: BaseException) -> None:
    """Replace every error of another library in the chain of causes by one without words."""
    while (cause := error.__cause__ or (None if error.__suppress_context__ else error.__context__)) is not None:
        shown = cause if isinstance(cause, ConcordError | ForeignError) else _without_words(cause)
        shown.__cause__, shown.__context__ = cause.__cause__, cause.__context__
        shown.__suppress_context__ = cause.__suppress_context__
        error.__cause__ = shown
        error = shown


def _without_words(error: BaseException) -> ForeignError:
    frames = extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    sentence = f"{kind}{place}; its words may quote a record and are left out"
    return ForeignError(sentence).with_traceback(error.__traceback__)
