"""An SFTP server that breaks on request: OpenSSH's own server, with every packet passing through here.

sshd starts it as its subsystem: `sftp_relay.py <folder> <server>`. In the folder, each line of `plan` says what to
do with the next request of a kind, once; `calls` gets a byte for each request.
"""

import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

OPEN, OPENDIR, RENAME, STATUS = 3, 11, 18, 101
FOR_WRITING = 2
FAILURE = 4


def read_packet(stream: IO[bytes]) -> bytes:
    head = stream.read(4)
    if len(head) < 4:
        os._exit(0)
    return head + stream.read(struct.unpack(">I", head)[0])


def purposes_of(packet: bytes) -> set[str]:
    """What a request is for, in the words of the plan."""
    if packet[4] == RENAME:
        return {"any", "finish"}
    if packet[4] == OPENDIR:
        return {"any", "list"}
    if packet[4] != OPEN:
        return {"any"}
    (length,) = struct.unpack(">I", packet[9:13])
    (flags,) = struct.unpack(">I", packet[13 + length : 17 + length])
    return {"any", "begin" if flags & FOR_WRITING else "read"}


def strike(plan: Path, packet: bytes) -> str:
    """The fault that is planned for this request; each strikes once."""
    lines = plan.read_text().splitlines() if plan.exists() else []
    for line in lines:
        purpose, kind = line.split()
        if purpose in purposes_of(packet):
            lines.remove(line)
            plan.write_text("\n".join(lines))
            return kind
    return ""


def main(folder: Path, server: str) -> None:
    child = subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    is_cut = threading.Event()

    def pass_back() -> None:
        while True:
            packet = read_packet(child.stdout)  # type: ignore[arg-type]
            if is_cut.is_set():
                os._exit(0)
            sys.stdout.buffer.write(packet)
            sys.stdout.buffer.flush()

    threading.Thread(target=pass_back, daemon=True).start()
    with (folder / "calls").open("ab", buffering=0) as calls:
        while True:
            packet = read_packet(sys.stdin.buffer)
            calls.write(b".")
            match strike(folder / "plan", packet):
                case "cut_before":
                    child.stdin.close()
                    os._exit(0)
                case "cut_after":
                    is_cut.set()
                case "html":
                    sys.stdout.buffer.write(b"<html>Service unavailable</html>")
                    sys.stdout.buffer.flush()
                    continue
                case "throttle":
                    sys.stdout.buffer.write(refuse(packet))
                    sys.stdout.buffer.flush()
                    continue
            child.stdin.write(packet)
            child.stdin.flush()


def refuse(packet: bytes) -> bytes:
    """The answer of a host whose file is held by a job."""
    words = b"Failure"
    body = bytes([STATUS]) + packet[5:9] + struct.pack(">II", FAILURE, len(words)) + words + struct.pack(">I", 0)
    return struct.pack(">I", len(body)) + body


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
