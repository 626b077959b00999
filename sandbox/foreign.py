"""Other people's software, kept at arm's length: installed, started and stopped, never imported.

It lives in an environment of its own (`<home>/<name>/venv`, from hashed requirements); our part is command
lines and HTTP.
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

_PATIENCE = 60.0
_LAST_WORDS = 300
_OURS = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}


class ForeignError(RuntimeError):
    """A program could not be installed, prepared or started; the message says which and what it said."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a server is started with."""

    title: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"


def clean_environment() -> dict[str, str]:
    """Our variables without those that would mix our packages with theirs."""
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def last_line(text: str) -> str:
    """Where programs say what went wrong."""
    lines = text.strip().splitlines()
    return lines[-1][:_LAST_WORDS] if lines else "it said nothing"


def run(arguments: Sequence[str], *, doing: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it printed; its last line is the error otherwise."""
    finished = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
    if finished.returncode:
        raise ForeignError(f"{doing} failed: {last_line(finished.stderr or finished.stdout)}")
    return finished.stdout


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time prepares what is kept; the others wait and find it done."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(folder: Path, requirements: Path, title: str) -> Path:
    """The Python of an environment; makes the environment when it is missing or its requirements changed."""
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
    """Start a server and wait until it answers."""
    if not is_free(program.port):
        raise ForeignError(
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
    deadline = time.monotonic() + _PATIENCE
    while not is_healthy():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            reason = last_line(program.log.read_text(errors="replace"))
            raise ForeignError(
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
