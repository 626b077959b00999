"""A session to a server whose responses the test has written, and the waits of that session."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from concord.contract import Session, VendorRules
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.settings import Connection
from tests.unit.wire import Drip, Wire, serving

SECRET = "s3cret-word"


class Token:
    """A login whose token counts how often it was renewed."""

    def __init__(self) -> None:
        self.number = 1

    def headers(self, session: Session) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {SECRET}-{self.number}"}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        self.number += 1


class Opened:
    """A session to a scripted server, and the waits it took."""

    def __init__(self, url: str, **bounds: float) -> None:
        self.waits: list[float] = []
        retry_limits = RetryLimits(**{"read_seconds": 0.3, **bounds}, sleep=self.waits.append)  # type: ignore[arg-type]
        rules = VendorRules(
            code_keys=("errorCode", "code"), limit_codes=frozenset({"TOO_MUCH"}), version_header="X-Version"
        )
        connection = Connection("test_default", url, "user", SECRET)
        self.session = HttpSession(connection, Token(), SessionSettings(rules, retry_limits))


def session_to(url: str) -> HttpSession:
    """A session to a running server that repeats a read without waiting."""
    settings = SessionSettings(retry_limits=RetryLimits(sleep=lambda seconds: None, read_seconds=2))
    return HttpSession(Connection("test_default", url), Token(), settings)


Open = Callable[..., tuple[Wire, Opened]]


@contextmanager
def opening() -> Iterator[Open]:
    """A function that opens sessions to scripts; all are closed at the end."""
    with ExitStack() as stack:

        def open_to(*script: bytes | str | Drip, **bounds: float) -> tuple[Wire, Opened]:
            wire = stack.enter_context(serving(*script))
            found = Opened(wire.url, **bounds)
            stack.callback(found.session.close)
            return wire, found

        yield open_to
