"""Installs, starts and stops servers that other projects wrote.

Each has a Python environment of its own (`<home>/<name>/venv`, from hashed requirements). The sandbox imports none
of their code; it runs their programs and talks to them over HTTP.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.ports import HOST, is_free

_START_SECONDS = 60.0
_LONGEST_LINE = 300
_OURS = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}


class RealServerError(RuntimeError):
    """A program could not be installed, prepared or started; the message names it and quotes its output."""


@dataclass(frozen=True, slots=True)
class Program:
    """How a server is started."""

    title: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    port: int

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://{HOST}:{self.port}"


def clean_environment() -> dict[str, str]:
    """This process's environment without the variables that point Python to Concord's packages."""
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def last_line(text: str) -> str:
    """The last line of a program's output, shortened; programs end with their error."""
    lines = text.strip().splitlines()
    return lines[-1][:_LONGEST_LINE] if lines else "it said nothing"


def run(arguments: Sequence[str], *, doing: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it printed; RealServerError with its last line when it fails."""
    finished = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
    if finished.returncode:
        raise RealServerError(f"{doing} failed: {last_line(finished.stderr or finished.stdout)}")
    return finished.stdout


@contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time work in this folder; the others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(folder: Path, requirements: Path, title: str) -> Path:
    """The Python of an environment, which is made when it is missing or its requirements have changed."""
    python, seal = folder / "bin" / "python", folder / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if python.exists() and (not seal.exists() or seal.read_text() == wanted):
        return python
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = f"{title}: making its environment"
    if uv:
        run((uv, "venv", "--clear", "--python", sys.executable, str(folder)), doing=making)
        packages: tuple[str, ...] = (uv, "pip", "install", "--python", str(python), "--compile-bytecode")
    else:
        run((sys.executable, "-m", "venv", "--clear", str(folder)), doing=making)
        packages = (str(python), "-m", "pip", "install", "--quiet")
    installing = f"{title}: installing its packages"
    run((*packages, "--require-hashes", "-r", str(requirements)), doing=installing)
    seal.write_text(wanted)
    return python


def start(program: Program, is_healthy: Callable[[], bool]) -> subprocess.Popen[bytes]:
    """Start a server and wait until it is healthy; RealServerError when it ends or takes longer than a minute."""
    if not is_free(program.port):
        raise RealServerError(
            f"{program.title} cannot listen on port {program.port} because it is taken; choose another one."
        )
    with program.log.open("ab") as log:
        process = subprocess.Popen(
            program.arguments,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + _START_SECONDS
    while not is_healthy():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            reason = last_line(program.log.read_text(errors="replace"))
            raise RealServerError(
                f"{program.title} did not start on {program.url}; see {program.log}, which ends: {reason}"
            )
        time.sleep(0.1)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and wait for it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
