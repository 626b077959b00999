"""A full disk: one sentence, balanced counts, no harm to other data, and a normal run once there is space."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from concord.contract import Window
from concord.errors import ConcordError, NetworkError, ServerError
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import DISK_FULL, Database
from concord.store.migrate import migrate
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import open_shopfront
from tests.store.shopfront_vendor import Vendor
from tests.store.small_disk import MEGABYTE, SmallDisk, give_to_postgres, mounted_disk

MANY = 3000
WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
LANDED = "select count(*) from landing.shopfront__accounts"
VALIDATED = "select count(*) from validated.shopfront__accounts"
BATCHES = "select resource, state, received, validated, quarantined, repeated from ops.batches order by 1"
CONTACTS = "select * from validated.shopfront__contacts order by _key"
CONTACTS_READ = ("contacts", "covered", 20, 20, 0, 0)


@pytest.fixture
def disk(home: Path) -> Iterator[SmallDisk]:
    with mounted_disk(home, 64) as disk:
        yield disk


@pytest.fixture
def journal_disk(home: Path) -> Iterator[SmallDisk]:
    """One for a whole journal, of which PostgreSQL keeps some files of 16 MB."""
    with mounted_disk(home, 512) as disk:
        yield disk


@pytest.fixture
def trip(
    disk: SmallDisk, postgres: Postgres, template: str, vendor: Vendor, tmp_path: Path
) -> Iterator[RoundTrip]:
    """A warehouse whose tables lie on the small disk, while the server's journal has space."""
    place = give_to_postgres(disk.folder / "tables")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        names = {"template": sql.Identifier(template), "place": sql.Literal(str(place))}
        connection.execute(sql.SQL("create tablespace small location {place}").format(**names))
        connection.execute(sql.SQL("create database small template {template} tablespace small").format(**names))
        try:
            yield fill_vendor(RoundTrip(postgres.url("small"), vendor, tmp_path / "suites").prepare())
        finally:
            connection.execute("drop database small with (force)")
            connection.execute("drop tablespace small")


def fill_vendor(trip: RoundTrip) -> RoundTrip:
    """More accounts than the disk can take, and contacts that are read already."""
    noise = random.Random(1)
    for number in range(20):
        trip.vendor.put("contacts", None, {"email": f"{number}@example.com", "account": "A-0001"})
    assert land(trip, "contacts")[1].validated == 20
    for number in range(MANY):
        padding = noise.randbytes(3200).hex()  # which PostgreSQL cannot make smaller
        trip.vendor.put("accounts", None, {"name": f"Account {number}", "padding": padding})
    return trip


def extract(trip: RoundTrip, resource: str) -> str:
    with open_shopfront(trip.vendor.url) as session:
        declared = trip.system.resource(resource)
        return extract_window(trip.database, session, system=trip.system, resource=declared, window=WINDOW)


def validate(trip: RoundTrip, resource: str, batch: str) -> BatchCounts:
    return validate_batch(
        trip.database,
        system=trip.system,
        resource=trip.system.resource(resource),
        batch_id=batch,
        suites=trip.suites,
    )


def land(trip: RoundTrip, resource: str) -> tuple[str, BatchCounts]:
    batch = extract(trip, resource)
    return batch, validate(trip, resource, batch)


def test_a_window_larger_than_the_disk_leaves_nothing_of_itself(trip: RoundTrip, disk: SmallDisk) -> None:
    before = trip.rows(CONTACTS)
    disk.fill(leave=MEGABYTE)
    for _ in range(2):
        with pytest.raises(ServerError) as caught:
            extract(trip, "accounts")
        assert caught.value.message == DISK_FULL
    assert shutil.disk_usage(disk.folder).free < MEGABYTE
    assert trip.rows(LANDED) == [(0,)]
    assert trip.rows(BATCHES) == [CONTACTS_READ]
    assert (len(before), trip.rows(CONTACTS)) == (20, before)
    disk.make_space()
    _, counts = land(trip, "accounts")
    assert counts == BatchCounts(received=MANY, validated=MANY, quarantined=0, repeated=0)
    assert trip.rows(BATCHES) == [("accounts", "covered", MANY, MANY, 0, 0), CONTACTS_READ]


def test_a_disk_that_fills_while_a_batch_is_judged_leaves_it_as_it_landed(
    trip: RoundTrip, disk: SmallDisk
) -> None:
    batch = extract(trip, "accounts")
    disk.fill(leave=64 * 1024)
    with pytest.raises(ServerError) as caught:
        validate(trip, "accounts", batch)
    assert caught.value.message == DISK_FULL
    assert trip.rows(VALIDATED) == [(0,)]
    assert trip.rows(BATCHES) == [("accounts", "landed", MANY, 0, 0, 0), CONTACTS_READ]
    assert trip.rows("select count(*) from ops.dispositions where batch_id = %s", batch) == [(0,)]
    disk.make_space()
    assert validate(trip, "accounts", batch).validated == MANY
    assert trip.rows(VALIDATED) == [(MANY,)]


def test_a_full_disk_of_the_journal_stops_the_server_and_loses_nothing(
    journal_disk: SmallDisk, vendor: Vendor, tmp_path: Path
) -> None:
    home = journal_disk.folder.parent / "other"
    with Processes(home, is_bound=True) as processes:
        server = Postgres(home, processes, settings=FORGETFUL, databases=["concord"])
        server.start()
        migrate(Database(server.url()))
        trip = fill_vendor(RoundTrip(server.url(), vendor, tmp_path / "suites").prepare())
        before = trip.rows(CONTACTS)
        server.stop()
        move_journal(server, journal_disk)
        server.start()
        journal_disk.fill()
        assert "broke off" in refusal(trip)
        wait_until_ended(server)
        assert "disk has space" in refusal(trip)
        journal_disk.make_space()
        server.start()
        assert (len(before), trip.rows(CONTACTS)) == (20, before)
        assert land(trip, "accounts")[1].validated == MANY


def wait_until_ended(server: Postgres) -> None:
    deadline = time.monotonic() + 20
    while server.is_running():
        assert time.monotonic() < deadline, "it recovers without space"
        time.sleep(0.05)


def refusal(trip: RoundTrip) -> str:
    with pytest.raises(NetworkError) as caught:
        extract_often(trip)
    assert "\n" not in caught.value.message
    return caught.value.message


def extract_often(trip: RoundTrip) -> None:
    """Until the journal has no more space: PostgreSQL first uses up the files that it keeps."""
    for _ in range(20):
        extract(trip, "accounts")


def move_journal(server: Postgres, disk: SmallDisk) -> None:
    """Put pg_wal on the small disk, as a volume of its own."""
    journal = server.data / "pg_wal"
    place = give_to_postgres(disk.folder / "journal")
    account = place.stat()
    for segment in sorted(journal.rglob("*")):
        target = place / segment.relative_to(journal)
        if segment.is_dir():
            target.mkdir()
        else:
            shutil.copy2(segment, target)
        shutil.chown(target, account.st_uid, account.st_gid)
    shutil.rmtree(journal)
    journal.symlink_to(place)


@pytest.mark.parametrize("space", [pytest.param(leave, id=f"{leave} MB") for leave in (0, 20, 40)])
def test_a_server_whose_disk_is_full_starts_once_there_is_space(home: Path, space: int) -> None:
    with mounted_disk(home, 160) as disk, Processes(disk.folder, is_bound=True) as processes:
        server = Postgres(disk.folder, processes, settings=FORGETFUL)
        disk.fill(leave=space * MEGABYTE)
        with pytest.raises(ConcordError, match="free some") as caught:
            server.start()
        assert "\n" not in caught.value.message
        processes.stop("postgres")
        disk.make_space()
        server.start()
        with psycopg.connect(server.url("airflow")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("space", [pytest.param(leave, id=f"{leave} MB") for leave in (0, 20)])
def test_an_installation_that_finds_no_space_says_so_in_one_line(home: Path, space: int) -> None:
    with mounted_disk(home, 64) as disk:
        disk.fill(leave=space * MEGABYTE)
        finished = subprocess.run(
            [sys.executable, "-m", "concord.cli", "up"],
            env={**os.environ, "CONCORD_HOME": str(disk.folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        (line,) = finished.stderr.splitlines()
        assert finished.returncode == 1
        assert line.startswith("concord: ")
        assert "No space left on device" in line
        assert "free some space" in line
        assert list(disk.folder.glob("run/*.json")) == []
