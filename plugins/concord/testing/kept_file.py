"""The SQLite file of a real server as it was at the start, which each test finds again."""

import sqlite3
from pathlib import Path


class KeptFile:
    """Remembers the content of a file that a running server uses, and puts it back in one transaction."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, check_same_thread=False)
        self._content = sqlite3.connect(":memory:", check_same_thread=False)
        self._file.backup(self._content)
        self._version = self._find_version()

    def restore(self) -> None:
        """Everything as it was, where anybody wrote since."""
        if self._find_version() != self._version:
            self._content.backup(self._file)
            self._version = self._find_version()

    def _find_version(self) -> int:
        """A number that every commit of another connection changes."""
        return int(self._file.execute("pragma data_version").fetchone()[0])
