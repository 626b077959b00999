"""Folders near and far: list, take a copy, put a file there whole or not at all."""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, Self, TypeVar
from urllib.parse import unquote, urlsplit

from concord.contract import Session
from concord.errors import ConfigurationError, OutcomeUnknownError, RequestError, ServerError, TransientError

ATTEMPTS = 5
FIRST_WAIT = 0.5
UNFINISHED = ".part"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a folder; `modified` in seconds since 1970 by the clock of its server."""

    folder: str
    name: str
    size: int
    modified: float


class NameTakenError(RequestError):
    """There is a file of that name already; nothing was written."""


class Storage(Protocol):
    """A tree of folders; paths are relative to the connection's."""

    def list(self, folder: str) -> list[Entry]:
        """The files in the folder, by name; a folder that is not there is a `ConfigurationError`."""

    def look(self, entry: Entry) -> Entry:
        """The same file as it is now."""

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """Write all its bytes to `target`."""

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Make the file appear under its name in one step; `NameTakenError` where there is one already."""

    def close(self) -> None:
        """End the connection."""


class FileLogin:
    """Files are reached by their own login, which `Depot` makes; there are no headers to send."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """None."""
        return {}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """There is nothing to renew."""


class Folder:
    """A folder of this machine, or one that is mounted."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, folder: str) -> list[Entry]:
        """The plain files."""
        with _told(folder), os.scandir(self._root / folder) as found:
            entries = [_entry(folder, item.name, item.stat()) for item in found if item.is_file()]
        return sorted(entries, key=lambda entry: entry.name)

    def look(self, entry: Entry) -> Entry:
        """Size and time as they are now."""
        with _told(entry.name):
            return _entry(entry.folder, entry.name, (self._root / entry.folder / entry.name).stat())

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """All bytes."""
        with _told(entry.name), (self._root / entry.folder / entry.name).open("rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Under another name first; the last step is one that the file system does whole."""
        place = self._root / folder
        unfinished = place / f"{name}{UNFINISHED}"
        with _told(folder):
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(unfinished, place / name)
            except FileExistsError as error:
                raise NameTakenError(f"There is a file {name} already; the next number is tried.") from error
            finally:
                unfinished.unlink()

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Troubles of the operating system as ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{what or 'The folder'} is not there; create it, or correct the path of the connection."
        ) from error
    except PermissionError as error:
        raise ConfigurationError(
            f"{what or 'The folder'} may not be read or written by this user; let the administrator allow it."
        ) from error
    except OSError as error:
        raise ServerError(
            f"{what} cannot be read or written now ({error.strerror}); it will be tried again."
        ) from error


def _entry(folder: str, name: str, status: os.stat_result) -> Entry:
    return Entry(folder, name, status.st_size, status.st_mtime)


def is_plain(mode: int | None) -> bool:
    """Whether a mode is that of a plain file."""
    return mode is None or stat.S_ISREG(mode)


def open_storage(session: Session) -> Storage:
    """What the connection's address names: file:///path or sftp://host:port/path."""
    address = urlsplit(session.connection.url)
    path = unquote(address.path)
    if address.scheme == "file" and not address.netloc and path:
        return Folder(Path(path))
    if address.scheme == "sftp" and address.hostname:
        from concord.files.sftp import SftpFolder  # here, because a folder of this machine needs no paramiko

        return SftpFolder(session, address.hostname, address.port or 22, PurePosixPath(path or "/"))
    raise ConfigurationError(
        f'The host of connection "{session.connection.name}" is neither file:///path nor sftp://host:port/path; '
        "correct it in Airflow (Admin, Connections)."
    )


class Depot:
    """A storage with patience: every step takes its turn, and is tried again where that may help."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._storage: Storage | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self._drop()

    def list(self, folder: str) -> list[Entry]:
        """The files in a folder."""
        return self._patiently(lambda storage: storage.list(folder))

    def look(self, entry: Entry) -> Entry:
        """The same file as it is now."""
        return self._patiently(lambda storage: storage.look(entry))

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """All bytes of a file, from the beginning however often it takes."""

        def fetch(storage: Storage) -> None:
            target.seek(0)
            target.truncate()
            storage.copy(entry, target)

        self._patiently(fetch)

    def put(self, folder: str, name: str, content: bytes) -> None:
        """A new file; an answer that was lost is an `OutcomeUnknownError`."""
        self._patiently(lambda storage: storage.put(folder, name, content))

    def _patiently(self, step: Callable[[Storage], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            self.session.take_turn()
            try:
                self._storage = self._storage or open_storage(self.session)
                return step(self._storage)
            except TransientError:
                self._drop()
                if attempt == ATTEMPTS:
                    raise
                self.session.pause(FIRST_WAIT * 2 ** (attempt - 1))
            except OutcomeUnknownError:
                self._drop()
                raise
        raise AssertionError("the last attempt returns or raises")

    def _drop(self) -> None:
        storage, self._storage = self._storage, None
        if storage is not None:
            with contextlib.suppress(OSError, EOFError):
                storage.close()
