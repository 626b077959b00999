"""How fast flat files become rows: files of the wholesale department's host, decoded and shaped for COPY.

`python -m benchmarks.flat_files --records 100000` writes the files, reads each in a process of its own, and says
what that took: seconds of one core, and the most memory it held beyond what the imports take.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from zoneinfo import ZoneInfo

from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.stages.extract.rows import RowShaper
from sandbox.vendors.ibm_i.host import FOLDERS, KINDS, Host
from sandbox.world import generate

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
KEYS = {"orders": ("order_number", 700_001), "customers": ("customer_number", 10_001)}


def write_files(folder: Path, count: int) -> None:
    """Write one file of each kind: the records of a small world, repeated with new keys."""
    host, world = Host(folder, ZoneInfo("UTC")), generate(7, as_of=AS_OF, customers=120, products=40, orders=120)
    for name in FOLDERS:
        (folder / name).mkdir()
    for resource, (key, first) in KEYS.items():
        records = islice(cycle(list(world.records("ibm_i", resource))), count)
        host.write_run(resource, 1, AS_OF, [{**item, key: first + at} for at, item in enumerate(records)])


def measure(folder: Path, name: str) -> None:
    """Read all records of one kind of file; gives seconds and memory."""
    ibm_i = system("ibm_i")
    resource = ibm_i.resource(name)
    session = HttpSession(Connection("files", f"file://{folder}"), FileLogin())
    size = sum(path.stat().st_size for path in (folder / "out").glob(f"{KINDS[name].file}_*"))
    before, begun = read_peak(), time.process_time()
    shaper = RowShaper(resource, "benchmark")
    for page in resource.read.read_window(session, resource, None):
        shaper.shape(page)
    seconds, grown = time.process_time() - begun, read_peak() - before
    rate, file_rate = shaper.received / seconds, size / KINDS[name].length / seconds
    sys.stdout.write(
        f"{name:<10} {shaper.received:>9,} records {size / 1e6:7.1f} MB {seconds:7.2f} s "
        f"{rate:>8,.0f} records/s {file_rate:>8,.0f} file records/s {grown:>3} MB more\n"
    )


def read_peak() -> int:
    """The peak memory of this process, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def main() -> None:
    """Measure each kind in a separate process, so that its memory is measured alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "KIND"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure[0]), options.measure[1])
        return
    with tempfile.TemporaryDirectory() as name:
        write_files(Path(name), options.records)
        for kind in KEYS:
            subprocess.run([sys.executable, "-m", "benchmarks.flat_files", "--measure", name, kind], check=True)


if __name__ == "__main__":
    main()
