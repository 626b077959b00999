"""Airflow on one machine: its settings as environment variables, its four processes, its health."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psycopg
import requests
from cryptography.fernet import Fernet

from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.local.files import full_disk, is_full, keep_secret, read_json, write_private
from concord.local.ports import LOOPBACK, choose_port
from concord.local.processes import ERROR_WORD, Command, Processes

ADMIN = "admin"
PARALLELISM = 8
START_SECONDS = 120.0
MIGRATE_SECONDS = 300.0
HEALTH_PATH = "/api/v2/monitor/health"
COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")

# The programs of one Airflow. The server that hands out log files is left off: all of them share one folder.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "airflow-api-server": ("api-server",),
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
}

QUIET: Mapping[str, str] = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "SCARF_ANALYTICS": "false",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowSettings:
    """Settings of one Airflow; `connections` are JSON texts by connection id, `extra` more variables."""

    home: Path
    database_url: str = field(repr=False)
    dags: Path
    plugins: Path | None
    connections: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


class Airflow:
    """The API server, scheduler, Dag processor and triggerer of one installation, with the local executor."""

    def __init__(self, settings: AirflowSettings, processes: Processes) -> None:
        self.settings = settings
        self.folder = settings.home / "airflow"
        self._processes = processes
        self._state = self.folder / "server.json"
        self._passwords = self.folder / "passwords.json"

    @property
    def port(self) -> int:
        """The API server's port; chosen on first use and kept while it is free."""
        return int(read_json(self._state).get("port", 0))

    @property
    def url(self) -> str:
        """The address of the UI and of the REST API."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def password(self) -> str:
        """The password of the user `admin`, generated once."""
        known = read_json(self._passwords)
        if ADMIN not in known:
            known = {ADMIN: keep_secret(self.folder / "admin_password", length=9)}
            write_private(self._passwords, json.dumps(known) + "\n")
        return str(known[ADMIN])

    def choose_port(self, port: int | None = None) -> None:
        """Choose a free port, `port` where it is given; call it before `environment`, which contains the port."""
        write_private(self._state, json.dumps({"port": choose_port(port or self.port)}))

    def environment(self) -> dict[str, str]:
        """The environment of Airflow's programs and of every command that uses this Airflow."""
        variables = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        variables.update(QUIET)
        variables.update(self._sections())
        for name, text in self.settings.connections.items():
            variables[f"AIRFLOW_CONN_{name.upper()}"] = text
        variables["NO_PROXY"] = variables["no_proxy"] = without_proxy(variables)
        variables.update(self.settings.extra)
        return variables

    def migrate(self) -> None:
        """Create or update Airflow's own tables; ConfigurationError with Airflow's message when that fails."""
        if self._is_migrated():
            return
        finished = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=MIGRATE_SECONDS,
            check=False,
        )
        if finished.returncode != 0:
            output = (finished.stderr or finished.stdout).strip()
            lines = output.splitlines() or ["it printed nothing"]
            errors = [line for line in lines if ERROR_WORD.search(line)]
            words = f"Airflow's database could not be migrated: {(errors or lines)[-1].strip()}"
            raise full_disk(self.folder, words) if is_full(self.folder, output) else ConfigurationError(words)
        write_private(self.folder / "migrated", version("apache-airflow"))

    def _is_migrated(self) -> bool:
        mark = self.folder / "migrated"
        if not mark.exists() or mark.read_text() != version("apache-airflow"):
            return False
        with psycopg.connect(self.settings.database_url) as connection:
            return connection.execute("select to_regclass('alembic_version')").fetchone() != (None,)

    def start(self) -> None:
        """Start the four programs and return at once; `wait_healthy` waits for them."""
        if not self.password:
            raise ConfigurationError(f"The password in {self._passwords} is empty; delete the file.")
        environment = self.environment()
        for name, arguments in PROGRAMS.items():
            self._processes.start(
                Command(
                    name=name,
                    arguments=[sys.executable, "-m", "airflow", *arguments],
                    environment=environment,
                    folder=self.folder,
                    grace=5.0,
                )
            )

    def wait_healthy(self, timeout: float = START_SECONDS) -> None:
        """Wait until all parts are healthy; ConfigurationError names a part that ended, with its last log line."""
        self._processes.wait_ready(*PROGRAMS, probe=lambda: not self.unhealthy(), timeout=timeout)

    def unhealthy(self) -> list[str]:
        """The parts that are not healthy now; all of them when the API server does not respond."""
        try:
            response = requests.get(f"{self.url}{HEALTH_PATH}", timeout=5).json()
        except (requests.RequestException, ValueError):
            return ["api_server", *COMPONENTS]
        return [part for part in COMPONENTS if response.get(part, {}).get("status") != "healthy"]

    def stop(self) -> None:
        """Stop the four programs and the tasks they run."""
        self._processes.stop(*PROGRAMS)

    def _sections(self) -> dict[str, str]:
        settings = {
            "core.dags_folder": self.settings.dags,
            "core.plugins_folder": self.settings.plugins or self.folder / "plugins",
            "core.executor": "LocalExecutor",
            "core.parallelism": PARALLELISM,
            "core.load_examples": False,
            "core.fernet_key": self._fernet_key(),
            "core.simple_auth_manager_users": f"{ADMIN}:admin",
            "core.simple_auth_manager_passwords_file": self._passwords,
            "core.execution_api_server_url": f"{self.url}/execution/",
            "database.sql_alchemy_conn": with_driver(self.settings.database_url),
            "database.load_default_connections": False,
            "api.host": LOOPBACK,
            "api.port": self.port,
            "api.base_url": self.url,
            "api.workers": 1,
            "api.secret_key": keep_secret(self.folder / "secret_key"),
            "api_auth.jwt_secret": keep_secret(self.folder / "jwt_secret", length=48),
            "scheduler.scheduler_idle_sleep_time": 0.25,
            "scheduler.enable_health_check": False,
            "dag_processor.refresh_interval": 30,
            "dag_processor.min_file_process_interval": 120,
            "dag_processor.bundle_refresh_check_interval": 5,
            "dag_processor.print_stats_interval": 600,
            "logging.base_log_folder": self.folder / "logs",
            "logging.file_task_handler_new_folder_permissions": "0o700",
            "logging.file_task_handler_new_file_permissions": "0o600",
            "logging.dag_processor_child_process_log_directory": self.folder / "logs" / "dag_processor",
        }
        variables = {f"AIRFLOW__{key.replace('.', '__').upper()}": str(value) for key, value in settings.items()}
        return {"AIRFLOW_HOME": str(self.folder), **variables}

    def _fernet_key(self) -> str:
        path = self.folder / "fernet_key"
        if not path.exists():
            write_private(path, Fernet.generate_key().decode())
        return path.read_text().strip()


def with_driver(url: str) -> str:
    """The address of a database for SQLAlchemy, with the driver that both of Airflow's engines use."""
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def without_proxy(variables: Mapping[str, str]) -> str:
    """NO_PROXY of these variables, with this machine added."""
    hosts = variables.get("NO_PROXY") or variables.get("no_proxy") or ""
    return ",".join(dict.fromkeys([*filter(None, hosts.split(",")), LOOPBACK, "localhost"]))


def run_airflow(home: Path, arguments: Sequence[str]) -> int:
    """Run a command of Airflow in the environment of the installation in this folder; returns its exit status.

    Raises ConfigurationError when Airflow does not run there.
    """
    environment = Processes(home, is_bound=False).environment("airflow-scheduler")
    if not environment:
        raise ConfigurationError(f"Airflow does not run from {home}; start it with {COMMAND} up.")
    command = [sys.executable, "-m", "airflow", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode
