"""What a tree of folders can do, on this machine or another: list, copy, and take a new file in one step."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

from concord.contract import Session
from concord.errors import RequestError

UNFINISHED = ".part"
TRIAL = f"concord_check{UNFINISHED}"


@dataclass(frozen=True, slots=True)
class Entry:
    r"""One file of a folder; `modified` in seconds since 1970 by the clock of its server.

    A byte of the name that is not UTF-8 is written `\xfc`; such a file is listed and cannot be read.
    """

    folder: str
    name: str
    size: int
    modified: float

    @property
    def arrived_at(self) -> datetime:
        """When it was last written, in UTC."""
        return datetime.fromtimestamp(self.modified, UTC)


def as_shown(name: bytes) -> str:
    """A name or a message of a server as text, in whichever character set it is; never raises."""
    return name.decode("utf-8", "backslashreplace")


class NameTakenError(RequestError):
    """There is a file of that name already; nothing was written."""


class Storage(Protocol):
    """A tree of folders; paths are relative to that of the connection."""

    def list(self, folder: str) -> list[Entry]:
        """The files in the folder, by name; a folder that is not there is a `ConfigurationError`."""

    def look(self, entry: Entry) -> Entry:
        """The same file as it is now."""

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """Write all its bytes to `target`."""

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Make the file appear under its name in one step; `NameTakenError` where there is one already."""

    def try_writing(self, folder: str) -> None:
        """Make an empty file under an unfinished name and remove it; `ConfigurationError` where that is barred."""

    def close(self) -> None:
        """End the connection."""


class FileLogin:
    """Files are reached by their own login, which `Depot` makes; there are no headers to send."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """None."""
        return {}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Nothing to forget."""


def is_plain(mode: int | None) -> bool:
    """Whether a mode is that of a plain file."""
    return mode is None or stat.S_ISREG(mode)
