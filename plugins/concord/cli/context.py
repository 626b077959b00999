"""What the verbs share: the installation they speak to, its warehouse, its Airflow, and where they write."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from concord.errors import ConfigurationError
from concord.settings import (
    REPOSITORY,
    Settings,
    choose_systems,
    chosen_systems,
    names_warehouse,
    read_airflow_address,
    read_home,
    read_settings,
)

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi
    from concord.store.engine import Database

DAGS = REPOSITORY / "dags"
PLUGINS = REPOSITORY / "plugins"
PLAIN_WIDTH = 100
DEMO = "demo"


def open_console() -> Console:
    """Standard output; without a terminal plain lines of a fixed width."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        return Console(highlight=False, width=PLAIN_WIDTH, color_system=None)
    return console


def load_settings() -> Settings:
    """The settings; where the environment names no warehouse, the one of the local installation."""
    if names_warehouse():
        return read_settings()
    adopt_systems()
    return read_settings(
        {"CONCORD_HOME": str(find_running()), "CONCORD_WAREHOUSE_URL": _local_fact("warehouse_url")}
    )


def adopt_systems() -> None:
    """Use the systems that the local installation was started with, unless the environment names others."""
    from concord.local.installation import read_status

    names = str(read_status(find_running()).facts.get("systems", ""))
    if names and chosen_systems() is None:
        choose_systems(names.split(","))


def open_database(settings: Settings | None = None) -> "Database":
    """The warehouse."""
    from concord.store.engine import Database

    return Database((settings or load_settings()).warehouse_url)


def open_airflow() -> "AirflowApi":
    """Airflow's REST API, of the environment's CONCORD_AIRFLOW_URL or of the local installation."""
    from concord.local.airflow_api import AirflowApi

    address = read_airflow_address()
    if address is not None:
        return AirflowApi(address.url, user=address.user, password=address.password)
    adopt_systems()
    return AirflowApi(
        _local_fact("airflow_url"), user=_local_fact("airflow_user"), password=_local_fact("airflow_password")
    )


def find_running() -> Path:
    """The folder of what runs here: the installation, else a demo, else the installation that does not run."""
    from concord.local.installation import State, read_status

    home = read_home()
    demo = home / DEMO
    if read_status(home).state is State.STOPPED and demo.exists():
        return demo if read_status(demo).state is not State.STOPPED else home
    return home


def _local_fact(name: str) -> str:
    from concord.local.installation import read_status

    facts = read_status(find_running()).facts
    if name not in facts:
        raise ConfigurationError(
            "Concord does not run here; start it with ./concord up (or ./concord demo), "
            "or name a running one in CONCORD_WAREHOUSE_URL and CONCORD_AIRFLOW_URL.",
            missing=name,
        )
    return str(facts[name])
