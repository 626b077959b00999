"""A real shop server, django-oscar: installed, prepared, loaded and started.

Nothing here imports Oscar. It has a Python environment of its own; `settings.py` and `urls.py` configure it, and
waitress serves it. The empty shop is made once per home and copied for every world.
"""

import hashlib
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from sandbox import real_servers
from sandbox.ports import HOST, choose_port
from sandbox.real_servers import Program

DATABASE = "shop.sqlite"
_RECORDS = {
    "users": """
        select cast(id as text) as id, username, email, first_name, last_name from auth_user
        where not is_staff order by id
    """,
    "products": """
        select cast(product.id as text) as id, product.upc, product.title, stock.price, stock.num_in_stock
        from catalogue_product as product join partner_stockrecord as stock on stock.product_id = product.id
        order by product.id
    """,
}
_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"


@dataclass(frozen=True, slots=True)
class Instance:
    """A shop with its database; `token` is the administrator's."""

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
            "OSCAR_TOKEN": self.token,
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


def create(home: Path, folder: Path, *, port: int | None = None) -> Instance:
    """Copy the empty shop into `folder`; it has a token, and nothing else before `load`."""
    template = prepare(home)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(template / DATABASE, folder / DATABASE)
    python = home / "oscar" / "venv" / "bin" / "python"
    return Instance(folder, python, port or choose_port(), secrets.token_hex(20))


def load(instance: Instance, world: Path) -> None:
    """Fill an empty shop from `<world>/{users,products,orders}.ndjson`."""
    command = (str(instance.python), str(_HERE / "load.py"), str(world))
    real_servers.run(command, doing="Oscar: load.py", environment=instance.environment())


def read_records(instance: Instance, resource: str) -> list[dict[str, Any]]:
    """The records of `users` or `products` in the form that the world has, from the shop's own database."""
    with closing(sqlite3.connect(instance.folder / DATABASE)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(_RECORDS[resource])]


def is_healthy(instance: Instance) -> bool:
    """Whether the server responds."""
    try:
        return requests.get(f"{instance.url}/api/", timeout=5).ok
    except requests.RequestException:
        return False


def start(instance: Instance, rate: str = "") -> subprocess.Popen[bytes]:
    """Start the server and wait until it answers; `real_servers.stop` ends it."""
    return real_servers.start(instance.program(rate), lambda: is_healthy(instance))
