"""Small files that only their owner may read: passwords, keys, the state of an installation."""

import errno
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from concord.errors import ConfigurationError

NO_SPACE = os.strerror(errno.ENOSPC)
FULL_WORDS = (NO_SPACE, "database or disk is full")
# Bytes. PostgreSQL ends when its journal cannot grow by as much, often without space for a line in its log.
LEAST_SPACE = 16 << 20
# What new files of a process lose: all rights of the group and of others. Logs may quote records.
OWNER_ALONE = 0o077


def is_full(folder: Path, words: str) -> bool:
    """Whether a program ended because its disk is full, judged by its last log line and the free space."""
    return any(sign in words for sign in FULL_WORDS) or shutil.disk_usage(folder).free < LEAST_SPACE


def full_disk(folder: Path, words: str) -> ConfigurationError:
    """The error for a disk without space; `words` say how that showed."""
    return ConfigurationError(
        f"The disk of {folder} is full ({words}); "
        "free some space or set CONCORD_HOME to a folder on another disk, then start again.",
        folder=str(folder),
    )


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot write {path} ({error.strerror}); "
            "free some space, mend its permissions, or set CONCORD_HOME to another folder.",
            path=str(path),
        ) from error


def open_private(path: Path) -> BinaryIO:
    """Open a log to append to it; its owner alone may read it, also when it was made by an earlier version."""
    log = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    path.chmod(0o600)
    return log


def read_json(path: Path) -> dict[str, Any]:
    """The content of a state file; empty when there is none or it was written half."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    except OSError as error:
        raise ConfigurationError(
            f"Cannot read {path} ({error.strerror}); it belongs to another user or its disk fails.",
            path=str(path),
        ) from error
    return content if isinstance(content, dict) else {}


def keep_secret(path: Path, *, length: int = 24) -> str:
    """The secret in this file, generated on first use; `length` in bytes."""
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(length)
    write_private(path, secret)
    return secret
