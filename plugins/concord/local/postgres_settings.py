"""The settings of the embedded PostgreSQL: fixed ones, and those that follow the machine.

Airflow and dbt run on the same machine, so PostgreSQL takes less of its memory than it would of a machine of its
own: a 16th for all connections together, and a 128th for each sort or join of a statement.
"""

from collections.abc import Mapping

from concord.local.ports import LOOPBACK

MB = 2**20

SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "checkpoint_timeout": "15min",
    # Nothing follows this server, so a table that is filled when it is made is not written to the log as well.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # Messages about statements quote rows, so they go to the client alone, which hides the values.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# For servers whose data is deleted after a test; several run at once, so none of them follows the machine.
FORGETFUL: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "effective_cache_size": "4GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "temp_buffers": "8MB",
    "max_wal_size": "256MB",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "2",
    "max_parallel_maintenance_workers": "2",
}
# The part of the memory that a setting gets, and its bounds in MB.
_PARTS: Mapping[str, tuple[int, int, int]] = {
    "shared_buffers": (16, 128, 8192),
    "effective_cache_size": (2, 512, 65536),
    "work_mem": (128, 8, 256),
    "maintenance_work_mem": (32, 64, 2048),
    "temp_buffers": (256, 8, 128),
    "max_wal_size": (4, 1024, 16384),
}
_MOST_WORKERS = 8


def fit_to_machine(memory: int, cores: int) -> dict[str, str]:
    """The settings that follow the memory (in bytes) and the cores of a machine."""
    fitted = {
        name: f"{min(max(memory // MB // part, least), most)}MB" for name, (part, least, most) in _PARTS.items()
    }
    workers = min(cores, _MOST_WORKERS)
    # A statement works in the process that asks for it as well, so one core has no workers beside it.
    beside = str(min(workers - 1, 4))
    return {
        **fitted,
        "max_parallel_workers": str(workers),
        "max_parallel_workers_per_gather": beside,
        "max_parallel_maintenance_workers": beside,
    }
