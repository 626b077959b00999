"""Programs of the system that a test needs: found where they are, installed where that is allowed."""

import os
import shutil
import subprocess
from functools import cache

INSTALL_SECONDS = 240.0
PLACES = os.pathsep.join(("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"))


class NoServerError(RuntimeError):
    """A program is not here and cannot be installed; the message says which."""


def may_install() -> bool:
    """Whether this account may add packages of the system."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(package: str) -> None:
    """Ask the system's package manager; whether it worked is seen by looking again."""
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", package]):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(
            ["apt-get", *arguments], capture_output=True, timeout=INSTALL_SECONDS, check=False, env=environment
        )


@cache
def find_or_install(package: str, *programs: str) -> tuple[str, ...]:
    """Where the programs of a package are."""
    found = _look(programs)
    if found is None and may_install():
        install(package)
        found = _look(programs)
    if found is None:
        raise NoServerError(f"{package} is not installed here, and only root may install it")
    return found


def _look(programs: tuple[str, ...]) -> tuple[str, ...] | None:
    places = [shutil.which(name) or shutil.which(name, path=PLACES) for name in programs]
    found = tuple(place for place in places if place)
    return found if len(found) == len(programs) else None
