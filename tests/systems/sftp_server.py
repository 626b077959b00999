"""A real OpenSSH server of our own, on a free port of the loopback, with its own keys; ended by its process."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.ports import choose_port
from tests.systems.packages import NoServerError, install, may_install

PASSPHRASE = "open-sesame"
PLACES = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
SECONDS = 20.0


@dataclass(frozen=True)
class SftpServer:
    """A running server; `control` is the folder by which its relay is told to break."""

    port: int
    user: str
    host_key: str
    private_key: str
    control: Path
    process: subprocess.Popen[bytes]

    def url(self, folder: Path) -> str:
        return f"sftp://127.0.0.1:{self.port}{folder}"


@cache
def find_programs() -> tuple[str, str]:
    """Where sshd and sftp-server are; they are installed where that is allowed."""
    found = _look()
    if found is None and may_install():
        install("openssh-server")
        found = _look()
    if found is None:
        raise NoServerError("OpenSSH's server is not installed here, and only root may install it")
    return found


def _look() -> tuple[str, str] | None:
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    server = next((place for place in PLACES if Path(place).exists()), None)
    return (sshd, server) if sshd and server and shutil.which("ssh-keygen") else None


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """Start one; `NoServerError` where there is none."""
    sshd, server = find_programs()
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    make_key(folder / "host", "")
    make_key(folder / "client", PASSPHRASE)
    (folder / "authorized").write_text((folder / "client.pub").read_text())
    (folder / "authorized").chmod(0o600)
    port, relay = choose_port(), Path(__file__).with_name("sftp_relay.py")
    config = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "PidFile": folder / "pid",
        "AuthorizedKeysFile": folder / "authorized",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": f"sftp {sys.executable} -I -S {relay} {folder} {server}",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in config.items()))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "config")], stdout=log, stderr=log)
    try:
        _wait(port, process, folder / "log")
        key = (folder / "client").read_text()
        yield SftpServer(port, getpass.getuser(), fingerprint(folder / "host.pub"), key, folder, process)
    finally:
        process.terminate()
        process.wait(SECONDS)


def make_key(path: Path, passphrase: str) -> None:
    arguments = ["ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(arguments, check=True, capture_output=True)


def fingerprint(public_key: Path) -> str:
    """What `ssh-keygen` says of a key; ours must come to the same."""
    told = subprocess.run(["ssh-keygen", "-lf", str(public_key)], check=True, capture_output=True, text=True)
    return told.stdout.split()[1]


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NoServerError(f"sshd ended while starting: {log.read_text(errors='replace').strip()[-200:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NoServerError("sshd did not answer in time")
