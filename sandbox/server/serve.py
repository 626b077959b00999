"""Serves a vendor on a port, behind its gate and beside its control desk."""

import logging
import os
import sys
import threading
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from sandbox.server.control import add_control
from sandbox.server.faults import Faults
from sandbox.server.gate import CallLog, Gate
from sandbox.server.vendor import Vendor
from sandbox.server.wire import App, CuttableProtocol
from sandbox.vendors.registry import open_vendor

HOST = "127.0.0.1"


def build(vendor: Vendor) -> App:
    """The whole application of one vendor."""
    faults, log = Faults(), CallLog()
    app = vendor.app()
    assert isinstance(app, FastAPI)
    add_control(app, vendor, faults, log)
    return Gate(app, vendor, faults, log)


def serve(name: str, data_dir: Path, port: int, *, tls: bool = False, leave_with_parent: bool = False) -> None:
    """Serves until interrupted; with `leave_with_parent` also ends when standard input is closed."""
    vendor = open_vendor(name, data_dir)
    config = uvicorn.Config(
        build(vendor),
        host=HOST,
        port=port,
        http=CuttableProtocol,
        log_level=logging.WARNING,
        access_log=False,
        date_header=False,  # the gate adds it, by the vendor's clock
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        **_tls_files(data_dir) if tls else {},  # type: ignore[arg-type]
    )
    server = uvicorn.Server(config)
    if leave_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    try:
        server.run()
    finally:
        vendor.store.close()


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    """Reads the descriptor itself, because a buffered reader would stay locked while the interpreter ends."""
    while os.read(sys.stdin.fileno(), 4096):
        continue
    server.should_exit = True


def _tls_files(data_dir: Path) -> dict[str, str]:
    """A self-signed certificate and its key; clients trust `ca.pem`."""
    folder = data_dir / "tls"
    ca, chain = folder / "ca.pem", folder / "server.pem"
    if not chain.exists():
        import trustme

        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(ca)
        certificate.private_key_and_cert_chain_pem.write_to_path(chain)
        chain.chmod(0o600)
    return {"ssl_certfile": str(chain), "ssl_keyfile": str(chain)}
