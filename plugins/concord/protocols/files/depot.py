"""The storage that a connection names, with the rate limit and retries of its session."""

import contextlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self, TypeVar
from urllib.parse import unquote, urlsplit

from concord.contract import Session
from concord.errors import ConfigurationError, OutcomeUnknownError, TransientError
from concord.protocols.files.folder import Folder
from concord.protocols.files.storage import Entry, Storage
from concord.protocols.session.retries import Backoff, retry

_BACKOFF = Backoff(attempts=5, first_wait=0.5)
T = TypeVar("T")


def open_storage(session: Session) -> Storage:
    """The storage at the address of the connection, file:///path or sftp://host:port/path."""
    address = urlsplit(session.connection.url)
    path = unquote(address.path)
    if address.scheme == "file" and not address.netloc and path:
        return Folder(Path(path))
    if address.scheme == "sftp" and address.hostname:
        # Here, because a folder of this machine needs no paramiko.
        from concord.protocols.files.sftp import SftpFolder

        return SftpFolder(session, address.hostname, address.port or 22, PurePosixPath(path or "/"))
    raise ConfigurationError(
        f'The host of connection "{session.connection.name}" is neither file:///path nor sftp://host:port/path; '
        "correct it in Airflow (Admin, Connections)."
    )


class Depot:
    """A storage whose steps wait for the rate limit and are tried again after a transient error."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._storage: Storage | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self._drop()

    def list(self, folder: str) -> list[Entry]:
        """The files in a folder."""
        return self._do(lambda storage: storage.list(folder))

    def look(self, entry: Entry) -> Entry:
        """The same file as it is now."""
        return self._do(lambda storage: storage.look(entry))

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """Copy all bytes of a file; every attempt begins anew."""

        def fetch(storage: Storage) -> None:
            target.seek(0)
            target.truncate()
            storage.copy(entry, target)

        self._do(fetch)

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Make a new file; an `OutcomeUnknownError` says that it may be there."""
        self._do(lambda storage: storage.put(folder, name, content))

    def try_writing(self, folder: str) -> None:
        """Make an empty file under an unfinished name, and remove it."""
        self._do(lambda storage: storage.try_writing(folder))

    def _do(self, step: Callable[[Storage], T]) -> T:
        def try_once() -> T:
            self.session.wait_for_rate_limit()
            try:
                self._storage = self._storage or open_storage(self.session)
                return step(self._storage)
            except (TransientError, OutcomeUnknownError):
                self._drop()
                raise

        return retry(try_once, _BACKOFF, self.session.pause)

    def _drop(self) -> None:
        storage, self._storage = self._storage, None
        if storage is not None:
            with contextlib.suppress(OSError, EOFError):
                storage.close()
