"""The errors that Concord raises, sorted by what the caller should do about them.

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
└── OutcomeUnknownError         a write was sent, its outcome is unknown: read back first
"""


class ConcordError(Exception):
    """The root of all errors: `message` is one sentence for a person, `facts` has what it is about."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the facts when the error is pickled."""
        return _rebuild, (type(self), self.message, self.facts)


def _rebuild(kind: type[ConcordError], message: str, facts: dict[str, object]) -> ConcordError:
    return kind(message, **facts)


class ConfigurationError(ConcordError):
    """A setting is missing or wrong; a person must change it."""


class ContractError(ConfigurationError):
    """The declaration of a system contradicts itself or the stored tables."""


class TransientError(ConcordError):
    """The same call may succeed later."""


class NetworkError(TransientError):
    """No response came back, or only a part of one."""


class RateLimitError(TransientError):
    """The vendor asks to wait: `retry_after` seconds, None when it does not say how long."""

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: object) -> None:
        super().__init__(message, retry_after=retry_after, **facts)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        """Leave out `retry_after`, which is one of the facts."""
        return _rebuild, (type(self), self.message, self.facts)


class ServerError(TransientError):
    """The vendor's server failed."""


class PermanentError(ConcordError):
    """The same call will fail again."""


class AuthenticationError(PermanentError):
    """The vendor does not accept the credentials."""


class RequestError(PermanentError):
    """The vendor does not accept this request."""


class RecordError(ConcordError):
    """One record is wrong; the others go on."""


class ContractViolationError(RecordError):
    """A record does not fit its contract (`field`, `rule`)."""


class ChangeRejectedError(RecordError):
    """The target refused a change."""


class ChangeConflictError(RecordError):
    """The record in the target has changed since the plan was made (`expected`, `found`)."""


class BatchError(ConcordError):
    """A whole batch is refused; nothing of it moves forward."""


class ExpectationsFailedError(BatchError):
    """An expectation about the whole batch is not met."""


class OutcomeUnknownError(ConcordError):
    """A write was sent and its outcome is unknown: read the record back before anything else."""
