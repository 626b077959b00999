"""The sandbox's command line: `python -m sandbox serve` and `python -m sandbox load`."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from sandbox.launch import Server, start
from sandbox.load import load_folder
from sandbox.server.serve import serve
from sandbox.vendors.registry import find_vendors


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve a vendor until interrupted")
    serving.add_argument("--vendor", required=True, choices=[*find_vendors(), "all"])
    serving.add_argument(
        "--port", type=int, help="with --vendor all: the first of consecutive ones, free ones unless given"
    )
    serving.add_argument("--data", type=Path, required=True, help="folder of the vendors' SQLite files")
    serving.add_argument("--tls", action="store_true", help="serve https with a certificate made in DATA/tls")
    serving.add_argument("--leave-with-parent", action="store_true", help="end when standard input is closed")
    loading = commands.add_parser("load", help="fill vendors from NDJSON files")
    loading.add_argument("--data", type=Path, required=True)
    loading.add_argument(
        "--from", dest="folder", type=Path, required=True, help="holds <vendor>/<resource>.ndjson"
    )
    return parser


def _serve_all(data_dir: Path, first_port: int | None, *, tls: bool) -> None:
    """One process per vendor, all ended together."""
    servers: list[Server] = []
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        for offset, name in enumerate(find_vendors()):
            servers.append(start(name, data_dir, port=first_port and first_port + offset, tls=tls))
        sys.stdout.write(json.dumps({server.vendor: server.url for server in servers}) + "\n")
        sys.stdout.flush()
        while not stopped.wait(0.5) and all(server.process.poll() is None for server in servers):
            continue
    finally:
        for server in servers:
            server.stop()


def main(arguments: list[str] | None = None) -> int:
    """Runs one command."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command == "load":
        sys.stdout.write(json.dumps(load_folder(given.data, given.folder)) + "\n")
    elif given.vendor == "all":
        _serve_all(given.data, given.port, tls=given.tls)
    elif given.port is None:
        parser.error("say with --port where the vendor should listen")
    else:
        serve(given.vendor, given.data, given.port, tls=given.tls, leave_with_parent=given.leave_with_parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
