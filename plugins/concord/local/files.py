"""Small files that only their owner may read: passwords, keys, the state of an installation."""

import errno
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from concord.errors import ConfigurationError

NO_SPACE = os.strerror(errno.ENOSPC)
FULL_WORDS = (NO_SPACE, "database or disk is full")
# Bytes. PostgreSQL dies when its journal cannot grow by as much, often without room to say so in its log.
LEAST_SPACE = 16 << 20


def is_full(folder: Path, words: str) -> bool:
    """Whether a program that wrote there died of a full disk, by its last words or because it could leave none."""
    return any(sign in words for sign in FULL_WORDS) or shutil.disk_usage(folder).free < LEAST_SPACE


def full_disk(folder: Path, words: str) -> ConfigurationError:
    """The sentence for a disk without space."""
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


def read_json(path: Path) -> dict[str, Any]:
    """The content of a state file; empty when there is none or it was cut short."""
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
    """The secret in this file; made on first use."""
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(length)
    write_private(path, secret)
    return secret
