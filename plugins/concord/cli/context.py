"""What the verbs share: the installation that they work on, its warehouse and its Airflow."""

from pathlib import Path
from typing import TYPE_CHECKING

from concord.errors import ConfigurationError
from concord.installed import COMMAND, PRODUCT
from concord.settings import (
    DEMO,
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

DAGS = PRODUCT / "dags"
PLUGINS = PRODUCT / "plugins"


def load_settings() -> Settings:
    """The settings of the environment; if it names no warehouse, those of the installation that runs here."""
    if names_warehouse():
        return read_settings()
    adopt_systems()
    return read_settings(
        {"CONCORD_HOME": str(find_running()), "CONCORD_WAREHOUSE_URL": _local_fact("warehouse_url")}
    )


def adopt_systems() -> None:
    """Use the systems that are in use there, unless the environment names others.

    The installation that runs here was started with them. A warehouse elsewhere has read them; one that has read
    nothing yet leaves all.
    """
    if chosen_systems() is None and (names := _list_known()):
        choose_systems(names)


def _list_known() -> list[str]:
    from concord.local.installation import read_status
    from concord.store.engine import PLANNER
    from concord.store.ledger.batches import list_newest

    if not names_warehouse():
        return [name for name in str(read_status(find_running()).facts.get("systems", "")).split(",") if name]
    with open_database(read_settings()).transaction(PLANNER) as connection:
        return sorted({str(row["system"]) for row in list_newest(connection)})


def open_database(settings: Settings | None = None) -> "Database":
    """The warehouse of these settings, by default of `load_settings`; ConfigurationError where it lacks tables."""
    from concord.store.engine import Database
    from concord.store.migrate import list_missing

    database = Database((settings or load_settings()).warehouse_url)
    if missing := list_missing(database):
        raise ConfigurationError(
            f"The warehouse lacks {', '.join(missing)} of this version; run {COMMAND} migrate first.",
            missing=missing,
        )
    return database


def find_warehouse() -> "Database | None":
    """The warehouse that the environment names or that runs here, with its systems adopted; None without one."""
    from concord.local.installation import read_status

    if not names_warehouse() and "warehouse_url" not in read_status(find_running()).facts:
        return None
    database = open_database()
    adopt_systems()
    return database


def open_airflow() -> "AirflowApi":
    """Airflow's REST API: of CONCORD_AIRFLOW_URL, or of the installation that runs here."""
    from concord.local.airflow_api import AirflowApi

    address = read_airflow_address()
    if address is not None:
        return AirflowApi(address.url, user=address.user, password=address.password)
    adopt_systems()
    return AirflowApi(
        _local_fact("airflow_url"), user=_local_fact("airflow_user"), password=_local_fact("airflow_password")
    )


def find_running() -> Path:
    """The folder of the installation that runs here, else of a demo that runs, else of the installation."""
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
            f"Concord does not run here; start it with {COMMAND} up (or {COMMAND} demo), "
            "or name a running one in CONCORD_WAREHOUSE_URL and CONCORD_AIRFLOW_URL.",
            missing=name,
        )
    return str(facts[name])
