"""A file system of a few megabytes that really fills up: memory, mounted by root."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from concord.local.postgres import find_account, open_path

MEGABYTE = 1 << 20


class SmallDisk:
    """The file system under `folder`, and a file in it that takes its space away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, leave: int = 0) -> None:
        """Take all its space but these bytes."""
        free = shutil.disk_usage(self.folder).free
        assert free > leave, f"only {free} bytes are left to take"
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - leave)

    def make_space(self) -> None:
        self._ballast.unlink()


@contextmanager
def mounted_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A small file system at `folder` for the length of a block; skips where none can be mounted."""
    folder.mkdir(parents=True)
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("a small file system takes `mount` and root (CAP_SYS_ADMIN); run this test as root")
    command = [mount, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine does not let root mount a small file system: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily, because what was killed may still have its working folder there.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def give_to_postgres(folder: Path) -> Path:
    """A folder that the embedded server's account may write to."""
    folder.mkdir()
    account = find_account()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
        open_path(folder, account)
    return folder
