"""A real shop server, django-oscar: installed, prepared, loaded and started.

Nothing here imports Oscar. It has a Python environment of its own; `settings.py` and `urls.py` configure it, and
waitress serves it. The empty shop is made once per home and copied for every world.
"""

import hashlib
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import requests

from sandbox import real_servers
from sandbox.ports import HOST, choose_port
from sandbox.real_servers import Program

DATABASE = "shop.sqlite"
_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"


@dataclass(frozen=True, slots=True)
class Instance:
    """A shop with its database; `token` is the administrator's, empty before the shop is loaded."""

    folder: Path
    python: Path
    port: int
    token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The address of the server; its REST API is below `/api`."""
        return f"http://{HOST}:{self.port}"

    def environment(self, rate: str = "") -> dict[str, str]:
        """The variables that Oscar's programs need; `rate` as Django REST framework writes it: 10/s."""
        return {
            **real_servers.clean_environment(),
            "PYTHONPATH": str(_HERE),
            "DJANGO_SETTINGS_MODULE": "settings",
            "OSCAR_FOLDER": str(self.folder),
            "OSCAR_SECRET": hashlib.sha256(self.token.encode()).hexdigest(),
            "OSCAR_RATE": rate,
        }

    def program(self, rate: str = "") -> Program:
        """The server's command line."""
        serve = str(self.python.with_name("waitress-serve"))
        listen = f"--listen={HOST}:{self.port}"
        arguments = (serve, listen, "--threads=4", "--call", "django.core.wsgi:get_wsgi_application")
        return Program("Oscar", arguments, self.environment(rate), self.folder / "oscar.log", self.port)


def prepare(home: Path) -> Path:
    """The folder of the empty shop, made on first use and whenever what goes into it changed."""
    with real_servers.hold_lock(home / "oscar"):
        return _prepare(home / "oscar")


def _prepare(home: Path) -> Path:
    python = real_servers.install(home / "venv", _REQUIREMENTS, "Oscar")
    content = _REQUIREMENTS.read_bytes() + (_HERE / "settings.py").read_bytes()
    template = home / f"template-{hashlib.sha256(content).hexdigest()[:12]}"
    if template.exists():
        return template
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=home))
    try:
        migrate = (str(python), "-m", "django", "migrate", "--run-syncdb", "--verbosity=0")
        environment = Instance(draft, python, 0).environment()
        real_servers.run(migrate, doing="Oscar: making its tables", environment=environment)
        draft.rename(template)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return template


def create(home: Path, folder: Path, world: Path) -> Instance:
    """Copy the empty shop into `folder`, and fill it from `<world>/{parties,products,sales}.ndjson`."""
    template = prepare(home)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(template / DATABASE, folder / DATABASE)
    python = home / "oscar" / "venv" / "bin" / "python"
    empty = Instance(folder, python, choose_port(), secrets.token_hex(8))
    command = (str(python), str(_HERE / "load.py"), str(world))
    token = real_servers.run(command, doing="Oscar: load.py", environment=empty.environment())
    return Instance(folder, python, empty.port, token.strip())


def is_healthy(instance: Instance) -> bool:
    """Whether the server responds."""
    try:
        return requests.get(f"{instance.url}/api/", timeout=5).ok
    except requests.RequestException:
        return False


def start(instance: Instance, rate: str = "") -> subprocess.Popen[bytes]:
    """Start the server and wait until it answers; `real_servers.stop` ends it."""
    return real_servers.start(instance.program(rate), lambda: is_healthy(instance))
