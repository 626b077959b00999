"""The settings of Concord: from its environment variables, and what they leave open from the project."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from math import inf
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from concord.errors import ConfigurationError
from concord.installed import COMMAND, IS_INSTALLED, PRODUCT
from concord.project import PROFILE, find_folder, read_project
from concord.schedule import WEEKDAYS, Schedule

# The scheme of a database's address, by Airflow's connection type.
DATABASES: Mapping[str, str] = {
    "postgres": "postgresql",
    "mysql": "mysql+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}
T = TypeVar("T")
DEFAULT_START = "2000-01-01"
DEMO = "demo"  # the folder of a demo, in that of the installation
# Where there is no project: beside the code of a checkout, in the user's own folder for an installed Concord.
USUAL_HOME = (Path.home() if IS_INSTALLED else PRODUCT) / ".concord"


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one system: base URL, login, and extra fields that the vendor needs."""

    name: str
    url: str
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, object] = field(default_factory=dict, repr=False)

    def option(self, key: str, default: str | None = None) -> str:
        """One entry of `extra`; ConfigurationError when it is missing and there is no default."""
        value = self.extra.get(key, default)
        if value is None or value == "":
            raise ConfigurationError(
                f'Connection "{self.name}" lacks "{key}" in its extra fields; '
                f"add it in Airflow (Admin, Connections) or in {variable_of(self.name)}.",
                connection=self.name,
                option=key,
            )
        return str(value)

    def number(self, key: str, default: float) -> float:
        """An entry of `extra` as a number; ConfigurationError when it is none, or below 0."""
        text = self.option(key, str(default))
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < inf:
            raise self._wrong(key, text, "a number", str(default))
        return number

    def zone(self, default: str | None = "UTC") -> ZoneInfo:
        """The time zone that `time_zone` of `extra` names; ConfigurationError when there is none of that name."""
        name = self.option("time_zone", default)
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise self._wrong("time_zone", name, "a time zone", "Europe/Berlin") from error

    def _wrong(self, key: str, text: str, kind: str, example: str) -> ConfigurationError:
        return ConfigurationError(
            f'Connection "{self.name}" says "{key}" {text!r} in its extra fields, which is not {kind}; '
            f"write it like {example}, in Airflow (Admin, Connections) or in {variable_of(self.name)}.",
            connection=self.name,
            option=key,
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an installation: its warehouse and its folders."""

    warehouse_url: str = field(repr=False)
    home: Path
    dbt_project: Path = PRODUCT / "dbt_project"
    expectations: Path = PRODUCT / "expectations"
    reports: Path = USUAL_HOME / "reports"


@dataclass(frozen=True, slots=True)
class AirflowAddress:
    """The address of Airflow's REST API, and the user that Concord logs in as."""

    url: str
    user: str
    password: str = field(repr=False)


def read_home(environment: Mapping[str, str] | None = None) -> Path:
    """The state folder of the local installation: CONCORD_HOME, or .concord in the project, or `USUAL_HOME`.

    That of a profile bears its name, as in `.concord-test`.
    """
    variables = os.environ if environment is None else environment
    if named := variables.get("CONCORD_HOME"):
        return Path(named)
    folder, profile = find_folder(variables), variables.get(PROFILE, "")
    return folder / (f".concord-{profile}" if profile else ".concord") if folder else USUAL_HOME


def chosen_systems() -> frozenset[str] | None:
    """The systems in use, by name: those of CONCORD_SYSTEMS, else of the project; None where neither says any."""
    names = {name.strip() for name in os.environ.get("CONCORD_SYSTEMS", "").split(",")} - {""}
    project = None if names else read_project()
    return frozenset(project.systems if project else names) or None


def systems_source() -> str:
    """What names the systems in use, for messages."""
    project = None if os.environ.get("CONCORD_SYSTEMS") else read_project()
    return project.place(["systems"]) if project else "CONCORD_SYSTEMS"


def choose_systems(names: Iterable[str]) -> None:
    """Set CONCORD_SYSTEMS for this process and those that it starts."""
    os.environ["CONCORD_SYSTEMS"] = ",".join(names)


def read_dbt_project(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of the dbt project: CONCORD_DBT_PROJECT, or the one of Concord."""
    variables = os.environ if environment is None else environment
    return Path(variables.get("CONCORD_DBT_PROJECT", PRODUCT / "dbt_project"))


def read_start() -> datetime:
    """CONCORD_START: the day (YYYY-MM-DD) of the business from which on systems are read; else 2000-01-01.

    Raises ConfigurationError for a text that is no day.
    """
    day = _read_variable("CONCORD_START", DEFAULT_START, date.fromisoformat, f"a day, like {DEFAULT_START}")
    return read_schedule().begin_of(day)


def read_calls_per_day() -> Mapping[str, int]:
    """CONCORD_CALLS_PER_DAY: what accounts may be asked in a day, by system, as in `myshop=150000,carrier=10000`.

    Then `calls_per_day` of the project. A system that neither names has the quota of its declaration. Raises
    ConfigurationError for anything else.
    """
    kind = "systems with their calls a day, like myshop=150000,carrier=10000"
    project = read_project()
    said = {name: use.calls_per_day for name, use in (project.systems if project else {}).items()}
    of_project = {name: calls for name, calls in said.items() if calls is not None}
    return {**of_project, **_read_variable("CONCORD_CALLS_PER_DAY", "", _as_quotas, kind)}


def _as_quotas(text: str) -> Mapping[str, int]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    return {name.strip(): int(count) for name, _, count in pairs}


def read_schedule() -> Schedule:
    """The hours of the business: CONCORD_TIME_ZONE, _READ_AT, _RECONCILE_AT, _REPORT_AT and _WEEKDAYS.

    What is not set is UTC, 00:00, 02:00, 04:00 and every day. Raises ConfigurationError for what cannot be read.
    """
    return Schedule(
        zone=_read_variable("CONCORD_TIME_ZONE", "UTC", ZoneInfo, "a time zone, like Europe/Berlin"),
        read_at=_read_variable("CONCORD_READ_AT", "00:00", _as_hour, "an hour, like 00:30"),
        reconcile_at=_read_variable("CONCORD_RECONCILE_AT", "02:00", _as_hour, "an hour, like 02:00"),
        report_at=_read_variable("CONCORD_REPORT_AT", "04:00", _as_hour, "an hour, like 04:00"),
        weekdays=_read_variable("CONCORD_WEEKDAYS", "mon-sun", _as_weekdays, "weekdays, like mon-fri or mon,wed"),
    )


def _read_variable(name: str, default: str, read: Callable[[str], T], kind: str) -> T:
    text, where = os.environ.get(name, ""), name
    project = None if text else read_project()
    if project is not None:
        text, where = project.say_variable(name)
    text = text or default
    try:
        return read(text)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigurationError(f"{where} is {text!r}, which is not {kind}.", variable=name) from error


def _as_hour(text: str) -> time:
    hour = time.fromisoformat(text)
    if hour.tzinfo or hour.second or hour.microsecond:
        raise ValueError(text)
    return hour


def _as_weekdays(text: str) -> frozenset[int]:
    """The weekdays of a list like mon-fri or mon,wed; a span may run over the end of the week."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def names_warehouse() -> bool:
    """Whether the environment names a warehouse."""
    return bool(os.environ.get("CONCORD_WAREHOUSE_URL"))


def read_airflow_address() -> AirflowAddress | None:
    """CONCORD_AIRFLOW_URL, _USER and _PASSWORD; None where the environment names no Airflow."""
    url = os.environ.get("CONCORD_AIRFLOW_URL", "")
    user = os.environ.get("CONCORD_AIRFLOW_USER", "admin")
    return AirflowAddress(url, user, os.environ.get("CONCORD_AIRFLOW_PASSWORD", "")) if url else None


def defined_connections(names: Iterable[str]) -> dict[str, str]:
    """The connections of these names that the environment defines, as Airflow reads them."""
    found = {name: os.environ.get(variable_of(name), "") for name in names}
    return {name: text for name, text in found.items() if text}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in CONCORD_*; ConfigurationError when CONCORD_WAREHOUSE_URL is missing or wrong."""
    variables = os.environ if environment is None else environment
    home = read_home(variables)
    url = variables.get("CONCORD_WAREHOUSE_URL", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(
            "CONCORD_WAREHOUSE_URL is not set to a PostgreSQL address; export it as "
            f"postgresql://user:password@host:5432/database, or run {COMMAND} up for a local one.",
            variable="CONCORD_WAREHOUSE_URL",
        )
    return Settings(
        warehouse_url=url,
        home=home,
        dbt_project=read_dbt_project(variables),
        expectations=Path(variables.get("CONCORD_EXPECTATIONS", PRODUCT / "expectations")),
        reports=Path(variables.get("CONCORD_REPORTS", home / "reports")),
    )


def variable_of(connection: str) -> str:
    """The environment variable from which Airflow reads a connection."""
    return f"AIRFLOW_CONN_{connection.upper()}"


def connection_from_parts(name: str, parts: Mapping[str, object]) -> Connection:
    """A connection from its parts in Airflow; `schema` is http, https or the name of a database.

    Raises ConfigurationError when the connection has no host.
    """
    host = str(parts.get("host") or "")
    if not host:
        raise ConfigurationError(
            f'Connection "{name}" has no host; set it in Airflow (Admin, Connections) or in {variable_of(name)}.',
            connection=name,
        )
    extra = parts.get("extra") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    return Connection(
        name=name,
        url=_address(host, parts),
        login=str(parts.get("login") or ""),
        password=str(parts.get("password") or ""),
        extra=extra if isinstance(extra, Mapping) else {},
    )


def _address(host: str, parts: Mapping[str, object]) -> str:
    """The address: the host when it contains a scheme, else built from the parts; a database's by `conn_type`."""
    port, schema, kind = parts.get("port"), parts.get("schema"), str(parts.get("conn_type") or "")
    end = f":{port}" if port else ""
    if "://" in host:
        scheme, _, rest = host.partition("://")
        server, slash, path = rest.partition("/")
        return f"{scheme}://{server}{end}{slash}{path}".rstrip("/")
    server = quote(host, safe=".:[]-")
    dialect = DATABASES.get(kind, kind if "+" in kind else "")
    if dialect:
        return f"{dialect}://{server}{end}/{schema or ''}"
    return f"{schema or 'https'}://{server}{end}"
