"""Keeps the warehouse of a small night as this version leaves it, for the versions to come.

`.venv/bin/python -m tests.upgrade.keep` writes `kept/<newest migration>.sql.gz`. A shop and a CRM of the sandbox
were read, reconciled and written to, a record was set aside, and a plan was undone. Do it when the next version
may have other tables, and leave the older ones.
"""

import gzip
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from concord import registry
from concord.cli.installation_start import prepare_warehouse
from concord.local.postgres import FORGETFUL, Postgres, find_binaries
from concord.local.processes import Processes
from concord.project import choose_project
from concord.settings import Settings
from concord.store.migrate import FOLDER
from concord.testing.databases import open_folder
from sandbox.world import generate
from tests.flow.businesses import connections, running
from tests.flow.night import FIRST, Night

KEPT = Path(__file__).with_name("kept")
SYSTEMS = ("shopify", "hubspot")
TOML = '[systems.shopify]\nroles = ["shop", "erp"]\n\n[systems.hubspot]\n'
UNDONE = "hubspot"
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def main() -> None:
    """Run the night and keep its warehouse."""
    with TemporaryDirectory(prefix="concord-keep-") as name, open_folder() as home:
        folder = Path(name)
        write_project(folder)
        choose_project(folder)
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
        with Processes(home, is_bound=True) as processes:
            server = Postgres(home, processes, settings=FORGETFUL, databases=["concord"])
            server.start()
            run_night(server.url(), folder)
            target = KEPT / f"{max(path.stem for path in FOLDER.glob('*.sql'))}.sql.gz"
            target.write_bytes(gzip.compress(dump(server.url()), mtime=0))
    sys.stdout.write(f"{target}: {target.stat().st_size:,} bytes\n")


def write_project(folder: Path) -> None:
    """The business whose warehouse is kept."""
    (folder / "concord.toml").write_text(TOML, encoding="utf-8")


def run_night(url: str, folder: Path) -> None:
    """Read, reconcile and write; then take back what one system was written."""
    prepare_warehouse(url)
    world = generate(7, as_of=AS_OF, customers=40, products=40, orders=25)
    with running(SYSTEMS, world, folder / "vendors") as staged:
        night = Night(Settings(url, folder / ".concord", reports=folder), connections(staged))
        for name in SYSTEMS:
            night.read_system(name, AS_OF)
        night.reconcile(FIRST)
        for system in registry.written_systems():
            night.write_back(system.name, FIRST)
        night.finish(FIRST)
        plan = night.rows("select plan_id from ops.plans where system = %s", UNDONE)[0][0]
        night.undo(UNDONE, str(plan), "undo 1")


def dump(url: str) -> bytes:
    """The warehouse as SQL for psql."""
    command = [str(find_binaries() / "pg_dump"), "--no-comments", url]
    return subprocess.run(command, check=True, capture_output=True).stdout


def restore(kept: Path, url: str) -> None:
    """Fill an empty database with a kept warehouse; the roles of Concord must be there."""
    command = [str(find_binaries() / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url]
    text = gzip.decompress(kept.read_bytes())
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


if __name__ == "__main__":
    main()
