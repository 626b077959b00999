"""A session to a server whose answers the test has written, and the waits it took."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from concord.contract import Manners, Session
from concord.http.client import HttpSession, Ways
from concord.http.patience import Patience
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
        patience = Patience(**{"read_seconds": 0.3, **bounds}, sleep=self.waits.append)  # type: ignore[arg-type]
        manners = Manners(limit_codes=frozenset({"TOO_MUCH"}), version_header="X-Version")
        connection = Connection("test_default", url, "user", SECRET)
        self.session = HttpSession(connection, Token(), Ways(manners, patience))


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
