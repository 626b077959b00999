"""The embedded PostgreSQL keeps its data, finds a port and leaves nothing behind."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from concord.errors import ConfigurationError
from concord.local.machine import cores, memory
from concord.local.postgres import DATABASES, FORGETFUL, Postgres, require_name
from concord.local.postgres_settings import fit_to_machine
from concord.local.processes import Processes


@pytest.fixture
def processes(home: Path) -> Iterator[Processes]:
    with Processes(home, is_bound=True) as processes:
        yield processes


def make_server(home: Path, processes: Processes) -> Postgres:
    return Postgres(home, processes, settings=FORGETFUL)


def servers_in(folder: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in (process.info["cmdline"] or [])
    ]


def test_a_second_start_finds_the_data_of_the_first(home: Path, processes: Processes) -> None:
    server = make_server(home, processes)
    server.start()
    first_port = server.port
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    server.stop()
    assert servers_in(server.data) == []
    server.start()
    assert server.port == first_port
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_an_installation_of_an_older_version_gets_the_settings_of_the_machine(
    home: Path, processes: Processes
) -> None:
    followed = {**FORGETFUL, "wal_level": "replica", "max_wal_senders": "10"}
    older = Postgres(home, processes, settings=followed, databases=["concord"])
    older.start()
    older.stop()
    server = Postgres(home, processes, databases=["concord"])
    server.start()
    with psycopg.connect(server.url()) as connection:
        names = [*fit_to_machine(memory(), cores()), "wal_level", "max_wal_senders"]
        shown = {name: connection.execute("select current_setting(%s)", (name,)).fetchone() for name in names}
    assert (shown["wal_level"], shown["max_wal_senders"]) == (("minimal",), ("0",))
    sizes = {name: size(str(row[0])) for name, row in shown.items() if row and str(row[0]).endswith("B")}
    assert {"shared_buffers", "work_mem", "temp_buffers"} <= sizes.keys()
    assert sizes == {name: size(server.settings[name]) for name in sizes}


def size(text: str) -> int:
    """The MB of a setting."""
    return int(text[:-2]) * {"MB": 1, "GB": 1024}[text[-2:]]


def test_every_database_is_there_and_speaks_utc(home: Path, processes: Processes) -> None:
    server = make_server(home, processes)
    server.start()
    assert set(DATABASES) == {"concord", "airflow"}
    for name in DATABASES:
        with psycopg.connect(server.url(name)) as connection:
            assert connection.execute("select current_database(), current_setting('timezone')").fetchone() == (
                name,
                "UTC",
            )


def test_an_occupied_port_is_replaced_by_a_free_one(home: Path, processes: Processes) -> None:
    server = make_server(home, processes)
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        taken = squatter.getsockname()[1]
        server.start(port=taken)
        assert server.port != taken
        assert server.is_running()


def test_a_wrong_password_is_refused(home: Path, processes: Processes) -> None:
    server = make_server(home, processes)
    server.start()
    password = (home / "postgres" / "password").read_text()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace(password, "guess"))


def test_the_password_is_readable_by_its_owner_alone(home: Path, processes: Processes) -> None:
    server = make_server(home, processes)
    server.start()
    assert stat.S_IMODE((home / "postgres" / "password").stat().st_mode) == 0o600


def test_the_lock_of_a_server_that_died_is_cleared(home: Path, processes: Processes) -> None:
    server = make_server(home, processes)
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text("1\n")  # alive, and no PostgreSQL
    server.start()
    assert server.is_running()


def test_a_server_that_somebody_else_runs_there_is_named(home: Path, processes: Processes, tmp_path: Path) -> None:
    server = make_server(home, processes)
    server.start()
    with Processes(tmp_path / "other", is_bound=True) as others:
        second = make_server(home, others)
        with pytest.raises(ConfigurationError, match="Another PostgreSQL"):
            second.start()
    assert server.is_running()


def test_an_account_without_a_name_is_one_sentence() -> None:
    with pytest.raises(ConfigurationError, match="no name for user id 2147480000"):
        require_name(2147480000)


def test_a_folder_that_cannot_be_used_is_one_sentence(home: Path) -> None:
    home.mkdir()
    (home / "postgres").write_text("not a folder")
    with (
        Processes(home, is_bound=True) as processes,
        pytest.raises(ConfigurationError, match="PostgreSQL cannot use"),
    ):
        make_server(home, processes).start()


def test_the_log_quotes_no_row_and_its_owner_alone_reads_it(home: Path, processes: Processes) -> None:
    server = make_server(home, processes)
    server.start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table kept (name text unique, amount numeric)")
        connection.execute("insert into kept values ('Gómez', 1)")
        for statement in (
            "insert into kept values ('Gómez', 2)",
            "insert into kept values ('x', 'Gómez'::numeric)",
        ):
            with pytest.raises(psycopg.Error, match=r"Gómez|kept"):
                connection.execute(statement)
        with pytest.raises(psycopg.Error), connection.cursor().copy("copy kept from stdin") as copy:
            copy.write("Gómez\tGómez\n")
    log = processes.log("postgres")
    assert "ready to accept connections" in log.read_text()
    assert "Gómez" not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
