"""Named child processes with a log, a record and an end.

Each command runs under a keeper (`keeper.py`). With a lifeline, everything started here ends with the process
that started it, whatever ends that process; without one it stays until `stop`, also from another process.
Only what a record names, and the record's process still is, is ever signalled.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from concord.errors import ConfigurationError
from concord.local import keeper
from concord.local.files import full_disk, is_full, write_private

POLL_SECONDS = 0.1
TAIL_BYTES = 8192
LAST_LINES = 20
COMPLAINT = re.compile(r"\b(FATAL|PANIC|ERROR|\w*Error|\w*Exception)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run under which name; `user`: uid and gid to become; `grace`: seconds it may take to stop."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    folder: Path | None = None
    user: tuple[int, int] | None = None
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0


class Processes:
    """The child processes of one installation; records in `<home>/run`, logs in `<home>/logs`."""

    def __init__(self, home: Path, *, is_bound: bool) -> None:
        """`is_bound`: the processes end with this one."""
        self.records = home / "run"
        self.logs = home / "logs"
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}
        self._said_before: dict[str, int] = {}  # bytes in a log when its process was started here
        self._lifeline: tuple[int, int] | None = os.pipe() if is_bound else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lifeline is not None:
            self.stop(*reversed(self._keepers))
            self.close()

    def close(self) -> None:
        """Let go: what hangs on the lifeline ends, the rest lives on without us."""
        for process in self._keepers.values():
            if process.poll() is None:
                # Otherwise Popen complains when it is collected before its process has ended.
                process.returncode = 0
        if self._lifeline is not None:
            for descriptor in self._lifeline:
                os.close(descriptor)
            self._lifeline = None

    def log(self, name: str) -> Path:
        """Where the output of a process goes."""
        return self.logs / f"{name}.log"

    def start(self, command: Command) -> None:
        """Start a command under a keeper; refuses a name that runs already."""
        if self.is_running(command.name):
            raise ConfigurationError(
                f"{command.name} runs already (process {self.pid(command.name)}); stop it: ./concord down.",
                process=command.name,
            )
        self._make_folders()
        end = None if self._lifeline is None else self._lifeline[0]
        with self.log(command.name).open("ab") as log:
            self._said_before[command.name] = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-P", keeper.__file__, json.dumps(self._spec(command, lifeline=end))],
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                pass_fds=() if end is None else (end,),
            )
        self._keepers[command.name] = process
        created = psutil.Process(process.pid).create_time()
        write_private(self._record(command.name), json.dumps({"pid": process.pid, "created": created}))

    def pid(self, name: str) -> int | None:
        """The keeper of a running process, None when it does not run."""
        try:
            record = json.loads(self._record(name).read_text())
            process = psutil.Process(record["pid"])
            is_same = abs(process.create_time() - record["created"]) < 1
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None
        return process.pid if is_same and process.status() != psutil.STATUS_ZOMBIE else None

    def is_running(self, name: str) -> bool:
        """Whether the process under this name runs, no matter who started it."""
        if name in self._keepers:
            self._keepers[name].poll()
        return self.pid(name) is not None

    def running(self) -> list[str]:
        """The names of all running processes."""
        return sorted(path.stem for path in self.records.glob("*.json") if self.is_running(path.stem))

    def stop(self, *names: str, timeout: float = 60.0) -> None:
        """Stop processes side by side and return when nothing of them is left."""
        for name in names:
            pid = self.pid(name)
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while any(self.is_running(name) for name in names):
            if time.monotonic() > deadline:
                left = ", ".join(name for name in names if self.is_running(name))
                raise ConfigurationError(f"{left} did not stop within {timeout:.0f} seconds.", processes=left)
            time.sleep(POLL_SECONDS / 4)
        for name in names:
            keeper_of_ours = self._keepers.pop(name, None)
            if keeper_of_ours is not None:
                keeper_of_ours.wait()
            self._record(name).unlink(missing_ok=True)

    def wait_ready(self, *names: str, probe: Callable[[], bool], timeout: float) -> None:
        """Wait until `probe` says yes; raise with its last words when a process ends or takes too long."""
        deadline = time.monotonic() + timeout
        while not probe():
            for name in names:
                if not self.is_running(name):
                    raise self._ended(name)
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"{names[0]} was not ready after {timeout:.0f} seconds: {self.last_words(names[0])}",
                    process=names[0],
                )
            time.sleep(POLL_SECONDS)

    def _ended(self, name: str) -> ConfigurationError:
        words = f"{name} ended while starting: {self.last_words(name)}"
        if is_full(self.logs, words):
            return full_disk(self.logs.parent, words)
        return ConfigurationError(words, process=name)

    def last_words(self, name: str) -> str:
        """The last complaint in a log, or its last line, and where the rest is."""
        path = self.log(name)
        if not path.exists():
            return f"it left no log at {path}."
        with path.open("rb") as log:
            log.seek(max(self._said_before.get(name, 0), path.stat().st_size - TAIL_BYTES))
            lines = log.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
        complaints = [line for line in lines[-LAST_LINES:] if COMPLAINT.search(line)]
        return f"{(complaints or lines)[-1].strip()} (log: {path})"

    def _make_folders(self) -> None:
        try:
            self.records.mkdir(parents=True, exist_ok=True)
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"Cannot write to {error.filename} ({error.strerror}); "
                "free some space, mend its permissions, or set CONCORD_HOME to another folder.",
                folder=str(self.records.parent),
            ) from error

    def _record(self, name: str) -> Path:
        return self.records / f"{name}.json"

    def _spec(self, command: Command, *, lifeline: int | None) -> dict[str, object]:
        return {
            "arguments": list(command.arguments),
            "folder": None if command.folder is None else str(command.folder),
            "user": command.user,
            "stop_signal": int(command.stop_signal),
            "grace": command.grace,
            "log": str(self.log(command.name)),
            "record": str(self._record(command.name)),
            "lifeline": lifeline,
        }
