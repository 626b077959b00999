"""How much memory and how many cores this process may use: those of the machine, or of its container."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def memory(groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> int:
    """Bytes of memory: the machine's, or less where a control group (version 2) limits it."""
    limits = [int(text) for text in _read_limits("memory.max", groups, membership) if text != "max"]
    return min([psutil.virtual_memory().total, *limits])


def cores(groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> int:
    """Cores that this process may use, at least one; a control group may allow only a share of their time."""
    shares = [text.split() for text in _read_limits("cpu.max", groups, membership)]
    limits = [int(quota) // int(period) for quota, period in shares if quota != "max"]
    return max(1, min([len(os.sched_getaffinity(0)), *limits]))


def _read_limits(name: str, groups: Path, membership: Path) -> Iterator[str]:
    """What this process's control group and those above it say in the file of this name."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    own = next((line.removeprefix("0::").strip("/") for line in lines if line.startswith("0::")), "")
    folder = groups / own
    for group in (folder, *folder.parents):
        if (group / name).is_file() and group.is_relative_to(groups):
            yield (group / name).read_text().strip()
