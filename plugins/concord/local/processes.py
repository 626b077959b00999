"""Child processes with a name, a log and a record.

Each command runs under a keeper (`keeper.py`). With a lifeline, all commands end with the process that started
them; without one they run until `stop`, which another process may call. A signal is sent only to a process that a
record names and that is still the same.
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
from concord.installed import COMMAND
from concord.local import keeper
from concord.local.files import OWNER_ALONE, full_disk, is_full, open_private, write_private

POLL_SECONDS = 0.1
TAIL_BYTES = 8192
LAST_LINES = 20
ERROR_WORD = re.compile(r"\b(FATAL|PANIC|ERROR|\w*Error|\w*Exception)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and its name; `user` is the uid and gid to run as, `grace` the seconds it may take to stop."""

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
        self._log_starts: dict[str, int] = {}  # bytes in a log before its process was started here
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
        """Close the lifeline, which ends the commands that have it; the others go on running."""
        for process in self._keepers.values():
            if process.poll() is None:
                # Otherwise Popen complains when it is collected before its process has ended.
                process.returncode = 0
        if self._lifeline is not None:
            for descriptor in self._lifeline:
                os.close(descriptor)
            self._lifeline = None

    def log(self, name: str) -> Path:
        """The file with the output of a process."""
        return self.logs / f"{name}.log"

    def start(self, command: Command) -> None:
        """Start a command under a keeper; ConfigurationError when a process of this name runs already."""
        if self.is_running(command.name):
            raise ConfigurationError(
                f"{command.name} runs already (process {self.pid(command.name)}); stop it: {COMMAND} down.",
                process=command.name,
            )
        self._make_folders()
        end = None if self._lifeline is None else self._lifeline[0]
        with open_private(self.log(command.name)) as log:
            self._log_starts[command.name] = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-P", keeper.__file__, json.dumps(self._spec(command, lifeline=end))],
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                umask=OWNER_ALONE,
                pass_fds=() if end is None else (end,),
            )
        if (ended := self._keepers.get(command.name)) is not None:
            ended.wait()
        self._keepers[command.name] = process
        created = psutil.Process(process.pid).create_time()
        write_private(self._record(command.name), json.dumps({"pid": process.pid, "created": created}))

    def pid(self, name: str) -> int | None:
        """The process id of the keeper of a command; None when it does not run."""
        try:
            record = json.loads(self._record(name).read_text())
            process = psutil.Process(record["pid"])
            is_same = abs(process.create_time() - record["created"]) < 1
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None
        return process.pid if is_same and process.status() != psutil.STATUS_ZOMBIE else None

    def environment(self, name: str) -> dict[str, str]:
        """The environment variables of a command that runs, empty when it does not."""
        pid = self.pid(name)
        try:
            children = psutil.Process(pid).children() if pid is not None else []
            return children[0].environ() if children else {}
        except psutil.NoSuchProcess:
            return {}

    def is_running(self, name: str) -> bool:
        """Whether the process of this name runs, whichever process started it."""
        if name in self._keepers:
            self._keepers[name].poll()
        return self.pid(name) is not None

    def running(self) -> list[str]:
        """The names of all running processes."""
        return sorted(path.stem for path in self.records.glob("*.json") if self.is_running(path.stem))

    def stop(self, *names: str, timeout: float = 60.0) -> None:
        """Stop processes at once and wait until all have ended; ConfigurationError after `timeout` seconds."""
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
            own_keeper = self._keepers.pop(name, None)
            if own_keeper is not None:
                own_keeper.wait()
            self._record(name).unlink(missing_ok=True)

    def wait_ready(self, *names: str, probe: Callable[[], bool], timeout: float) -> None:
        """Wait until `probe` is true.

        Raises ConfigurationError when a process ends, with its last log line, or after `timeout` seconds.
        """
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
        """The last error in the log of a process, or its last line, and the path of the log."""
        path = self.log(name)
        if not path.exists():
            return f"it left no log at {path}."
        with path.open("rb") as log:
            log.seek(max(self._log_starts.get(name, 0), path.stat().st_size - TAIL_BYTES))
            lines = log.read().decode(errors="replace").strip().splitlines() or ["it printed nothing"]
        errors = [line for line in lines[-LAST_LINES:] if ERROR_WORD.search(line)]
        return f"{(errors or lines)[-1].strip()} (log: {path})"

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
