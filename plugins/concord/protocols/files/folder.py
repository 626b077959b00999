"""A folder of this machine, or one that is mounted."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from concord.errors import ConfigurationError, ServerError
from concord.protocols.files.storage import TRIAL, UNFINISHED, Entry, NameTakenError, as_shown


class Folder:
    """A folder of this machine, or one that is mounted."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, folder: str) -> list[Entry]:
        """The plain files."""
        with _translated(folder), os.scandir(self._root / folder) as found:
            entries = [entry for item in found if item.is_file() and (entry := _entry_of(folder, item))]
        return sorted(entries, key=lambda entry: entry.name)

    def look(self, entry: Entry) -> Entry:
        """Size and time as they are now."""
        with _translated(entry.name):
            return _entry(entry.folder, entry.name, (self._root / entry.folder / entry.name).stat())

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """Copy all bytes."""
        with _translated(entry.name), (self._root / entry.folder / entry.name).open("rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Write it under another name, then give it its own, which the file system does in one step."""
        target = self._root / folder
        unfinished = target / f"{name}{UNFINISHED}"
        with _translated(folder):
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(unfinished, target / name)
            except FileExistsError as error:
                raise NameTakenError(f"There is a file {name} already; the next number is tried.") from error
            finally:
                unfinished.unlink()

    def try_writing(self, folder: str) -> None:
        """Make an empty file and remove it."""
        trial = self._root / folder / TRIAL
        with _translated(f"The folder {folder}"):
            trial.touch()
            trial.unlink()

    def close(self) -> None:
        """Nothing to close."""


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Raise errors of the operating system as ours; `what` was read or written."""
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


def _entry_of(folder: str, item: "os.DirEntry[str]") -> Entry | None:
    """The entry of a file that was listed, None where it went away meanwhile."""
    try:
        return _entry(folder, as_shown(os.fsencode(item.name)), item.stat())
    except FileNotFoundError:
        return None


def _entry(folder: str, name: str, status: os.stat_result) -> Entry:
    return Entry(folder, name, status.st_size, status.st_mtime)
