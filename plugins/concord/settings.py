"""The one place that reads the environment; everything else receives values."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from concord.errors import ConfigurationError

# Airflow's connection types of databases, and how their addresses begin.
DATABASES: Mapping[str, str] = {
    "postgres": "postgresql",
    "mysql": "mysql+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one system: base URL, login and the vendor's own extras."""

    name: str
    url: str
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, object] = field(default_factory=dict, repr=False)

    def option(self, key: str, default: str | None = None) -> str:
        """One entry of `extra`, or a sentence that says how to set it."""
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
        """An entry of `extra` that is a number, 0 or more."""
        text = self.option(key, str(default))
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < inf:
            raise self._wrong(key, text, "a number", str(default))
        return number

    def zone(self, default: str | None = "UTC") -> ZoneInfo:
        """The zone that `time_zone` of `extra` names."""
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
    """What an installation is told by its environment."""

    warehouse_url: str = field(repr=False)
    home: Path
    dbt_project: Path = REPOSITORY / "dbt_project"
    expectations: Path = REPOSITORY / "expectations"
    reports: Path = REPOSITORY / ".concord" / "reports"


@dataclass(frozen=True, slots=True)
class AirflowAddress:
    """Where Airflow's REST API answers, and who asks."""

    url: str
    user: str
    password: str = field(repr=False)


def read_home(environment: Mapping[str, str] | None = None) -> Path:
    """The state folder of the local installation; known before any address is."""
    variables = os.environ if environment is None else environment
    return Path(variables.get("CONCORD_HOME", REPOSITORY / ".concord"))


def chosen_systems() -> frozenset[str] | None:
    """CONCORD_SYSTEMS: the systems in use, by name and separated by commas; None where it is not set."""
    names = {name.strip() for name in os.environ.get("CONCORD_SYSTEMS", "").split(",")}
    return frozenset(names - {""}) or None


def choose_systems(names: Iterable[str]) -> None:
    """Put these systems in use for this process and those it starts."""
    os.environ["CONCORD_SYSTEMS"] = ",".join(names)


def read_dbt_project(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of the dbt project; known before any address is."""
    variables = os.environ if environment is None else environment
    return Path(variables.get("CONCORD_DBT_PROJECT", REPOSITORY / "dbt_project"))


def names_warehouse() -> bool:
    """Whether the environment says which warehouse to use."""
    return bool(os.environ.get("CONCORD_WAREHOUSE_URL"))


def read_airflow_address() -> AirflowAddress | None:
    """CONCORD_AIRFLOW_URL, _USER and _PASSWORD; None where the environment names no Airflow."""
    url = os.environ.get("CONCORD_AIRFLOW_URL", "")
    user = os.environ.get("CONCORD_AIRFLOW_USER", "admin")
    return AirflowAddress(url, user, os.environ.get("CONCORD_AIRFLOW_PASSWORD", "")) if url else None


def defined_connections(names: Iterable[str]) -> dict[str, str]:
    """Those of the connections that the environment defines, as the text Airflow reads."""
    found = {name: os.environ.get(variable_of(name), "") for name in names}
    return {name: text for name, text in found.items() if text}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read CONCORD_* once; `ConfigurationError` names the one that is missing and how to set it."""
    variables = os.environ if environment is None else environment
    home = read_home(variables)
    url = variables.get("CONCORD_WAREHOUSE_URL", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(
            "CONCORD_WAREHOUSE_URL is not set to a PostgreSQL address; export it as "
            "postgresql://user:password@host:5432/database, or run ./concord up for a local one.",
            variable="CONCORD_WAREHOUSE_URL",
        )
    return Settings(
        warehouse_url=url,
        home=home,
        dbt_project=read_dbt_project(variables),
        expectations=Path(variables.get("CONCORD_EXPECTATIONS", REPOSITORY / "expectations")),
        reports=Path(variables.get("CONCORD_REPORTS", home / "reports")),
    )


def variable_of(connection: str) -> str:
    """The environment variable that Airflow reads for a connection."""
    return f"AIRFLOW_CONN_{connection.upper()}"


def connection_from_parts(name: str, parts: Mapping[str, object]) -> Connection:
    """Build a connection from Airflow's parts; schema is http or https, or the name of a database."""
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
    """The host where it is a whole address; else one made of the parts, for a database by its connection type."""
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
