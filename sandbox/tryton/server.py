"""A real Tryton, kept at arm's length: installed, prepared, started and stopped as other people's software.

Nothing here imports Tryton. It lives in an environment of its own (`<home>/tryton/venv`, from the hashed
`requirements.txt` beside this file); our part is command lines and HTTP. Preparing an empty company takes about
twenty seconds, so it is done once per home and copied for every world.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

HOST = "127.0.0.1"
DATABASE = "hub"
USER = "admin"
MODULES = (
    "party", "company", "country", "currency", "product", "sale", "purchase", "account", "account_invoice",
    "account_product", "stock",
)  # fmt: skip
_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
_PATIENCE = 60.0
_LAST_WORDS = 300


class TrytonError(RuntimeError):
    """Tryton could not be installed, prepared or started; the message says which and what it said."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A prepared database with its configuration; `password` is the administrator's."""

    folder: Path
    python: Path
    port: int
    password: str = field(repr=False)
    database: str = DATABASE
    user: str = USER

    @property
    def configuration(self) -> Path:
        """Tryton's own configuration file."""
        return self.folder / "trytond.conf"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "trytond.log"

    @property
    def url(self) -> str:
        """Where it answers; the JSON-RPC address of the database is `{url}/{database}/rpc/`."""
        return f"http://{HOST}:{self.port}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line of the server, for whoever keeps processes."""
        program = self.python.with_name("trytond")
        return (str(program), "-c", str(self.configuration), "-d", self.database)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that Tryton's programs need."""
        ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        inherited = {name: value for name, value in os.environ.items() if name not in ours}
        return {**inherited, "TRYTOND_CONFIG": str(self.configuration), "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Server:
    """A running Tryton."""

    instance: Instance
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.instance.url


def last_line(text: str) -> str:
    """Where programs say what went wrong."""
    lines = text.strip().splitlines()
    return lines[-1][:_LAST_WORDS] if lines else "it said nothing"


def run(arguments: Sequence[str], *, doing: str, environment: dict[str, str] | None = None) -> str:
    """Run a program to its end and return what it printed; its last line is the error otherwise."""
    finished = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
    if finished.returncode:
        raise TrytonError(f"Tryton: {doing} failed: {last_line(finished.stderr or finished.stdout)}")
    return finished.stdout


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time prepares what is kept; the others wait and find it done."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(home: Path) -> Path:
    """The Python of Tryton's environment; makes the environment when it is missing or its requirements changed."""
    folder = home / "tryton" / "venv"
    python, seal = folder / "bin" / "python", folder / "requirements.sha256"
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and (not seal.exists() or seal.read_text() == wanted):
        return python
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    folder.parent.mkdir(parents=True, exist_ok=True)
    if uv:
        run((uv, "venv", "--clear", "--python", sys.executable, str(folder)), doing="making its environment")
        packages: tuple[str, ...] = (uv, "pip", "install", "--python", str(python), "--compile-bytecode")
    else:
        run((sys.executable, "-m", "venv", "--clear", str(folder)), doing="making its environment")
        packages = (str(python), "-m", "pip", "install", "--quiet")
    run((*packages, "--require-hashes", "-r", str(_REQUIREMENTS)), doing="installing its packages")
    seal.write_text(wanted)
    return python


def _configure(instance: Instance, *, session_timeout: int) -> None:
    instance.configuration.write_text(
        "\n".join(
            (
                "[database]",
                "uri = sqlite://",
                f"path = {instance.folder}",
                "[web]",
                f"listen = {HOST}:{instance.port}",
                "[session]",
                f"timeout = {session_timeout}",
                "",
            )
        )
    )


def _make_template(folder: Path, python: Path) -> None:
    """An empty company: modules, currency, countries, chart of accounts."""
    password = secrets.token_urlsafe(24)
    instance = Instance(folder, python, 0, password)
    _configure(instance, session_timeout=300)
    (folder / f"{DATABASE}.sqlite").touch(mode=0o600)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    environment = {**instance.environment, "TRYTONPASSFILE": str(secret)}
    admin = (str(python.with_name("trytond-admin")), "-c", str(instance.configuration), "-d", DATABASE)
    activate = (*admin, "-u", *MODULES, "--activate-dependencies", "--email", "admin@example.com")
    run(activate, doing="activating its modules", environment=environment)
    run(
        (str(python), str(_HERE / "bootstrap.py"), DATABASE), doing="setting up a company", environment=environment
    )


def prepare(home: Path) -> Path:
    """The folder of the empty company, made on first use and whenever what goes into it changed."""
    with alone(home / "tryton"):
        return _prepare(home)


def _prepare(home: Path) -> Path:
    python = install(home)
    content = _REQUIREMENTS.read_bytes() + (_HERE / "bootstrap.py").read_bytes() + " ".join(MODULES).encode()
    template = home / "tryton" / f"template-{hashlib.sha256(content).hexdigest()[:12]}"
    if template.exists():
        return template
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=template.parent))
    try:
        _make_template(draft, python)
        draft.rename(template)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return template


def choose_port() -> int:
    """A port that is free now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket() as caller:
        return caller.connect_ex((HOST, port)) != 0


def create(home: Path, folder: Path, *, port: int | None = None, session_timeout: int = 300) -> Instance:
    """A database of its own in `folder`: a copy of the empty company, ready to be loaded or started."""
    template = prepare(home)
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(f"{DATABASE}.sqlite*"):
        leftover.unlink()
    for part in (*template.glob(f"{DATABASE}.sqlite*"), template / "password"):
        shutil.copy2(part, folder / part.name)
    return reopen(home, folder, port=port, session_timeout=session_timeout)


def reopen(home: Path, folder: Path, *, port: int | None = None, session_timeout: int = 300) -> Instance:
    """The instance that `create` made in this folder, to be started again on this or any free port."""
    python = home / "tryton" / "venv" / "bin" / "python"
    instance = Instance(folder, python, port or choose_port(), (folder / "password").read_text())
    _configure(instance, session_timeout=session_timeout)
    return instance


def run_script(instance: Instance, script: str, *arguments: str) -> str:
    """Run one of the scripts beside this file in Tryton's environment."""
    command = (str(instance.python), str(_HERE / script), instance.database, *arguments)
    return run(command, doing=script, environment=instance.environment)


def load(instance: Instance, folder: Path) -> dict[str, float]:
    """Load the world's `<folder>/{parties,products,sales}.ndjson`; returns seconds per part."""
    seconds: dict[str, float] = json.loads(run_script(instance, "load.py", str(folder)))
    return seconds


def read_truth(instance: Instance, *resources: str) -> dict[str, list[dict[str, Any]]]:
    """What Tryton's own client library reads; of `parties`, `products` and `sales`, all when none is named."""
    answer: dict[str, list[dict[str, Any]]] = json.loads(run_script(instance, "truth.py", *resources))
    return answer


def edit(instance: Instance, what: str, *values: str) -> None:
    """One edit by a colleague at the ERP: `edit(instance, "phone", "P10003", "+49 30 555")`; see `edit.py`."""
    run_script(instance, "edit.py", what, *values)


def is_healthy(instance: Instance) -> bool:
    """Whether it answers."""
    question = {"id": 1, "method": "common.server.version", "params": []}
    try:
        answer = requests.post(f"{instance.url}/rpc/", json=question, timeout=5)
    except requests.RequestException:
        return False
    return answer.ok


def start(instance: Instance) -> Server:
    """Start the server and wait until it answers."""
    if not is_free(instance.port):
        raise TrytonError(f"Tryton cannot listen on port {instance.port} because it is taken; choose another one.")
    with instance.log.open("ab") as log:
        process = subprocess.Popen(
            instance.arguments,
            env=instance.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + _PATIENCE
    while not is_healthy(instance):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(Server(instance, process))
            reason = last_line(instance.log.read_text(errors="replace"))
            raise TrytonError(f"Tryton did not start on {instance.url}; see {instance.log}, which ends: {reason}")
        time.sleep(0.1)
    return Server(instance, process)


def stop(server: Server) -> None:
    """End the server and wait for it."""
    if server.process.poll() is None:
        server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
