"""Runs one command, and ends all processes of the command when its owner ends.

This is a program of its own, started once per command. It ends the command, and every process that the command has
started, when it gets SIGTERM, when the command itself ends, or when its owner has ended in whatever way: the owner
holds the other end of a pipe, the lifeline. On Linux the keeper becomes the parent of orphans of the command, so
that it finds processes in sessions of their own, too.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.02


def control_process(option: int, value: int) -> None:
    """Call prctl, which exists on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class Keeper:
    """Keeps one command; `spec` describes it and comes from `processes.Processes`."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.must_stop = False
        self.ended: dict[int, int] = {}
        self.child = 0
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)

    def run(self) -> int:
        """Run the command until it ends or has to end; returns its exit status."""
        self._listen()
        self._start()
        self._watch()
        self._stop_child()
        self._stop_descendants()
        self._delete_record()
        return os.waitstatus_to_exitcode(self.ended.get(self.child, 0)) & 0xFF

    def _listen(self) -> None:
        def note_signal(_number: int, _frame: object) -> None:
            self.must_stop = True

        signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, note_signal)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _start(self) -> None:
        control_process(PR_SET_CHILD_SUBREAPER, 1)
        stop_signal = int(self.spec["stop_signal"])
        user = self.spec["user"]
        # preexec_fn is unsafe in a process with several threads; a keeper has one.
        with Path(self.spec["log"]).open("ab") as log:
            process = subprocess.Popen(
                self.spec["arguments"],
                cwd=self.spec["folder"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: control_process(PR_SET_PDEATHSIG, stop_signal),  # noqa: PLW1509
                **({"user": user[0], "group": user[1], "extra_groups": []} if user else {}),
            )
        self.child = process.pid

    def _watch(self) -> None:
        lifeline = self.spec["lifeline"]
        watched = [self.reader] if lifeline is None else [self.reader, lifeline]
        while not self.must_stop and not self._has_ended():
            ready, _, _ = select.select(watched, [], [])
            if lifeline in ready:
                return
            os.read(self.reader, 1024)

    def _has_ended(self) -> bool:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return self.child in self.ended
            self.ended[pid] = status

    def _stop_child(self) -> None:
        if not self._has_ended():
            os.kill(self.child, int(self.spec["stop_signal"]))
            self._wait(float(self.spec["grace"]), self._has_ended)

    def _stop_descendants(self) -> None:
        for number, seconds in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 10.0)):
            for process in self._descendants():
                try:
                    process.send_signal(number)
                except psutil.NoSuchProcess:
                    continue
            self._wait(seconds, lambda: not self._descendants())

    def _descendants(self) -> list[psutil.Process]:
        self._has_ended()
        found: list[psutil.Process] = psutil.Process().children(recursive=True)
        return found

    @staticmethod
    def _wait(seconds: float, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not is_done() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _delete_record(self) -> None:
        Path(self.spec["record"]).unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(Keeper(json.loads(sys.argv[1])).run())
