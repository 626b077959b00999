"""Every error Concord raises, sorted by what the caller should do about it.

ConcordError
├── ConfigurationError          stop; a person must change something
│   └── ContractError
├── TransientError              try again later
│   ├── NetworkError
│   ├── RateLimitError          (retry_after)
│   └── ServerError
├── PermanentError              do not try again
│   ├── AuthenticationError
│   └── RequestError
├── RecordError                 this record to dead letters, carry on
│   ├── ContractViolationError
│   ├── ChangeRejectedError
│   └── ChangeConflictError
├── BatchError                  refuse the whole batch, move nothing forward
│   └── ExpectationsFailedError
└── OutcomeUnknownError         we sent a write and heard nothing: read back first
"""


class ConcordError(Exception):
    """The root: one sentence for a person, and the facts as attributes in `facts`."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the facts when the error crosses a process border."""
        return _rebuild, (type(self), self.message, self.facts)


def _rebuild(kind: type[ConcordError], message: str, facts: dict[str, object]) -> ConcordError:
    return kind(message, **facts)


class ConfigurationError(ConcordError):
    """A setting is missing or wrong; a person must change it."""


class ContractError(ConfigurationError):
    """A declaration of a system contradicts itself or the stored tables."""


class TransientError(ConcordError):
    """The same call may succeed later."""


class NetworkError(TransientError):
    """No answer, or half an answer, came back."""


class RateLimitError(TransientError):
    """The vendor asks us to wait; `retry_after` is in seconds, None when it did not say."""

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: object) -> None:
        super().__init__(message, retry_after=retry_after, **facts)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        """`retry_after` is one of the facts already."""
        return _rebuild, (type(self), self.message, self.facts)


class ServerError(TransientError):
    """The vendor's side failed."""


class PermanentError(ConcordError):
    """The same call will fail again."""


class AuthenticationError(PermanentError):
    """The vendor does not accept our credentials."""


class RequestError(PermanentError):
    """The vendor does not accept this request."""


class RecordError(ConcordError):
    """One record is at fault; the others carry on."""


class ContractViolationError(RecordError):
    """A record does not fit its contract (`field`, `rule`)."""


class ChangeRejectedError(RecordError):
    """The target refused a change."""


class ChangeConflictError(RecordError):
    """The target moved since the plan was made (`expected`, `found`)."""


class BatchError(ConcordError):
    """A whole batch is refused; nothing of it moves forward."""


class ExpectationsFailedError(BatchError):
    """A statement about the batch as a whole does not hold."""


class OutcomeUnknownError(ConcordError):
    """A write was sent and nothing was heard: read back before anything else."""
