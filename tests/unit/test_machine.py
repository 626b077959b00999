"""PostgreSQL's settings follow the memory and the cores that this process may use."""

from pathlib import Path

import psutil
import pytest

from concord.local.machine import cores, memory
from concord.local.postgres_settings import FORGETFUL, SETTINGS, fit_to_machine

GB = 2**30


def group(folder: Path, own: str, **limits: str) -> tuple[Path, Path]:
    """Control groups of which this process is in the one named `own`, with limits by group and file."""
    groups, membership = folder / "groups", folder / "membership"
    (groups / own).mkdir(parents=True)
    for name, text in limits.items():
        (groups / name.replace("__", "/").replace("_", ".")).write_text(f"{text}\n")
    membership.write_text(f"0::/{own}\n")
    return groups, membership


def megabytes(settings: dict[str, str], name: str) -> int:
    return int(settings[name].removesuffix("MB"))


@pytest.mark.parametrize("name", ["memory_max", "outer__memory_max", "outer__inner__memory_max"])
def test_the_limit_of_each_group_above_counts(name: str, tmp_path: Path) -> None:
    assert memory(*group(tmp_path, "outer/inner", **{name: str(GB)})) == GB


def test_a_group_without_limits_leaves_the_machine(tmp_path: Path) -> None:
    assert memory(*group(tmp_path, "own", own__memory_max="max")) == psutil.virtual_memory().total


def test_without_control_groups_the_machine_counts(tmp_path: Path) -> None:
    assert memory(tmp_path, tmp_path / "none") == psutil.virtual_memory().total
    assert cores(tmp_path, tmp_path / "none") >= 1


@pytest.mark.parametrize(("quota", "expected"), [("50000 100000", 1), ("100000 100000", 1)])
def test_a_share_of_a_cores_time_is_a_core(quota: str, expected: int, tmp_path: Path) -> None:
    assert cores(*group(tmp_path, "own", own__cpu_max=quota)) == expected


@pytest.mark.parametrize("size", [1, 2, 4, 16, 64, 1024])
def test_all_that_may_be_used_at_once_fits_into_the_memory(size: int) -> None:
    fitted = fit_to_machine(size * GB, 4)
    sorts = 4 * 2 * 2  # of dbt's four threads, in two processes each, with twice the memory for a hash
    used = megabytes(fitted, "shared_buffers") + sorts * megabytes(fitted, "work_mem")
    used += megabytes(fitted, "maintenance_work_mem")
    assert used <= size * 1024 / 3


def test_more_memory_is_used_and_a_large_machine_is_not_filled() -> None:
    small, large, huge = (fit_to_machine(size * GB, 2) for size in (2, 64, 4096))
    assert (small["shared_buffers"], large["shared_buffers"], huge["shared_buffers"]) == (
        "128MB",
        "4096MB",
        "8192MB",
    )
    assert (small["work_mem"], large["work_mem"], huge["work_mem"]) == ("16MB", "256MB", "256MB")


@pytest.mark.parametrize(
    ("count", "workers", "beside"), [(1, "1", "0"), (2, "2", "1"), (8, "8", "4"), (64, "8", "4")]
)
def test_workers_follow_the_cores(count: int, workers: str, beside: str) -> None:
    fitted = fit_to_machine(4 * GB, count)
    assert fitted["max_parallel_workers"] == workers
    assert fitted["max_parallel_workers_per_gather"] == fitted["max_parallel_maintenance_workers"] == beside


def test_a_server_of_the_tests_has_one_size_on_every_machine() -> None:
    assert fit_to_machine(GB, 1).keys() <= FORGETFUL.keys()
    assert not fit_to_machine(GB, 1).keys() & SETTINGS.keys()
