"""A real Tryton server: installed, prepared, started and stopped.

Nothing here imports Tryton. It has a Python environment of its own (`<home>/tryton/venv`, from the hashed
`requirements.txt` beside this file), and its programs are run in it. Preparing an empty company takes about twenty
seconds, so it is done once per home and copied for every world.
"""

import hashlib
import json
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from sandbox import real_servers
from sandbox.ports import HOST, choose_port
from sandbox.real_servers import Program

DATABASE = "hub"
USER = "admin"
MODULES = (
    "party", "company", "country", "currency", "product", "sale", "purchase", "account", "account_invoice",
    "account_product", "stock",
)  # fmt: skip
_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"


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
        """The server's log."""
        return self.folder / "trytond.log"

    @property
    def url(self) -> str:
        """The address of the server; the JSON-RPC address of the database is `{url}/{database}/rpc/`."""
        return f"http://{HOST}:{self.port}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line of the server."""
        program = self.python.with_name("trytond")
        return (str(program), "-c", str(self.configuration), "-d", self.database)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that Tryton's programs need."""
        ours = {"TRYTOND_CONFIG": str(self.configuration), "PYTHONUNBUFFERED": "1"}
        return {**real_servers.clean_environment(), **ours}


@dataclass(frozen=True, slots=True)
class Server:
    """A running Tryton."""

    instance: Instance
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The address of the server."""
        return self.instance.url


def install(home: Path) -> Path:
    """The Python of Tryton's environment, made on first use."""
    return real_servers.install(home / "tryton" / "venv", _REQUIREMENTS, "Tryton")


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
    real_servers.run(activate, doing="Tryton: activating its modules", environment=environment)
    real_servers.run(
        (str(python), str(_HERE / "bootstrap.py"), DATABASE),
        doing="Tryton: setting up a company",
        environment=environment,
    )


def prepare(home: Path) -> Path:
    """The folder of the empty company, made on first use and whenever what goes into it changed."""
    with real_servers.hold_lock(home / "tryton"):
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


def create(home: Path, folder: Path, *, port: int | None = None, session_timeout: int = 300) -> Instance:
    """Copy the empty company into `folder`, ready to be loaded or started."""
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
    return real_servers.run(command, doing=f"Tryton: {script}", environment=instance.environment)


def load(instance: Instance, folder: Path) -> dict[str, float]:
    """Load the world's `<folder>/{parties,products,sales}.ndjson`; returns seconds per part."""
    seconds: dict[str, float] = json.loads(run_script(instance, "load.py", str(folder)))
    return seconds


def read_truth(instance: Instance, *resources: str) -> dict[str, list[dict[str, Any]]]:
    """What Tryton's own client library reads; of `parties`, `products` and `sales`, all when none is named."""
    content: dict[str, list[dict[str, Any]]] = json.loads(run_script(instance, "truth.py", *resources))
    return content


def edit(instance: Instance, what: str, *values: str) -> None:
    """One edit as a user of the ERP makes it: `edit(instance, "phone", "P10003", "+49 30 555")`; see `edit.py`."""
    run_script(instance, "edit.py", what, *values)


def is_healthy(instance: Instance) -> bool:
    """Whether the server responds."""
    request = {"id": 1, "method": "common.server.version", "params": []}
    try:
        response = requests.post(f"{instance.url}/rpc/", json=request, timeout=5)
    except requests.RequestException:
        return False
    return response.ok


def start(instance: Instance) -> Server:
    """Start the server and wait until it answers."""
    program = Program("Tryton", instance.arguments, instance.environment, instance.log, instance.port)
    return Server(instance, real_servers.start(program, lambda: is_healthy(instance)))


def stop(server: Server) -> None:
    """End the server and wait for it."""
    real_servers.stop(server.process)
