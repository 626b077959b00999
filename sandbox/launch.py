"""Starts a vendor's server as a process, for the tests and the benchmarks."""

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sandbox.ports import HOST, choose_port

_ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 30.0


class StartError(RuntimeError):
    """The vendor's server did not start; the message says why and names its log."""


@dataclass(slots=True)
class Server:
    """The running server of a vendor."""

    vendor: str
    url: str
    process: subprocess.Popen[bytes]
    data_dir: Path
    ca_file: Path | None = None
    trust: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rsplit(":", 1)[1])

    def control(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """Calls the control desk, as in `control("counts")` or `control("faults", {...})`; returns its JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is our own
            f"{self.url}/__control/{path}",
            data,
            {"content-type": "application/json"},
            method=method or ("GET" if body is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=30, context=self.trust) as response:  # noqa: S310
            return json.load(response)

    def stop(self) -> None:
        """Ends the process and waits for it."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


def start(
    vendor: str, data_dir: Path, *, port: int | None = None, tls: bool = False, detached: bool = False
) -> Server:
    """Starts a vendor's server and waits until it responds; unless detached, it ends with this process."""
    data_dir = Path(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    port = port or choose_port()
    log = data_dir / f"{vendor}.log"
    command = [sys.executable, "-m", "sandbox", "serve", "--vendor", vendor, "--port", str(port)]
    command += [
        "--data",
        str(data_dir),
        *(["--tls"] if tls else []),
        *([] if detached else ["--leave-with-parent"]),
    ]
    with log.open("ab") as output:
        process = _spawn(command, output, detached=detached)
    ca_file = data_dir / "tls" / "ca.pem" if tls else None
    server = Server(vendor, f"{'https' if tls else 'http'}://{HOST}:{port}", process, data_dir, ca_file)
    _wait(server, log)
    return server


def _spawn(command: list[str], output: IO[bytes], *, detached: bool) -> subprocess.Popen[bytes]:
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
        stdout=output,
        stderr=output,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=detached,
    )


def _wait(server: Server, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            server.stop()
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise StartError(f"the {server.vendor} sandbox ended while starting ({' '.join(last)}); see {log}")
        try:
            if server.ca_file is not None and server.trust is None:
                server.trust = ssl.create_default_context(cafile=str(server.ca_file))
            if server.control("health")["vendor"] == server.vendor:
                return
        except OSError:
            time.sleep(0.05)
    server.stop()
    raise StartError(f"the {server.vendor} sandbox did not answer within {_START_SECONDS:.0f} s; see {log}")
