"""What nights and backfills tell each other: filled days, held write-backs, and the age of the desired state."""

from concord.store.engine import Connection, Row, fetch_rows, fetch_texts, fetch_value

_FILLED = """
insert into ops.filled_runs (system, run_id) values (%s, %s)
on conflict (system, run_id) do update set filled_at = clock_timestamp(), reconciled_by = null
"""
_CLAIM = "update ops.filled_runs set reconciled_by = %s where reconciled_by is null"
_HOLD = "insert into ops.held_write_backs (system, run_id) values (%s, %s) on conflict (system) do nothing"
_BEGUN = """
insert into ops.reconciliations (run_id, prepared_at) values (%s, clock_timestamp())
on conflict (run_id) do update set prepared_at = excluded.prepared_at
"""
_BUILT = """
update ops.reconciliations set desired_as_of = prepared_at, built_at = clock_timestamp() where run_id = %s
"""
_STANDING = """
insert into ops.standing_nodes (fingerprint) values (%s)
on conflict (only_row) do update set fingerprint = excluded.fingerprint, built_at = clock_timestamp()
"""
# The moment of the newest desired state; without one, nothing that was read counts as newer.
DESIRED_AS_OF = """
coalesce((
    select desired_as_of from ops.reconciliations where built_at is not null order by built_at desc limit 1
), 'infinity')
"""


def record_filled(connection: Connection, system: str, run_id: str) -> None:
    """Keep that a run of Airflow's own backfill has read its day; one read again is to be reconciled again."""
    connection.execute(_FILLED, (system, run_id))


def list_filled_systems(connection: Connection) -> list[str]:
    """The systems of which filled days were not reconciled yet, by name."""
    query = "select distinct system from ops.filled_runs where reconciled_by is null order by system"
    return fetch_texts(connection, query)


def claim_filled(connection: Connection, run_id: str) -> int:
    """How many filled days the reconcile that this run starts is for; each day belongs to one run only."""
    connection.execute(_CLAIM, (run_id,))
    query = "select count(*) from ops.filled_runs where reconciled_by = %s"
    return int(fetch_value(connection, query, (run_id,)))


def hold_write_back(connection: Connection, system: str, run_id: str) -> None:
    """Keep that a night was not written to the system because of a backfill; the first such night is kept."""
    connection.execute(_HOLD, (system, run_id))


def release_write_back(connection: Connection, system: str) -> bool:
    """Forget that a night waits to be written to the system; says whether one did."""
    return connection.execute("delete from ops.held_write_backs where system = %s", (system,)).rowcount > 0


def is_write_back_held(connection: Connection, system: str) -> bool:
    """Whether a night waits to be written to the system."""
    return bool(fetch_value(connection, "select count(*) from ops.held_write_backs where system = %s", (system,)))


def list_held_write_backs(connection: Connection) -> list[Row]:
    """The systems that a night was not written to because of a backfill, by name: system, held_at."""
    return fetch_rows(connection, "select system, held_at from ops.held_write_backs order by system")


def record_begun(connection: Connection, run_id: str) -> None:
    """Keep that a reconcile begins to work on what is held now."""
    connection.execute(_BEGUN, (run_id,))


def record_built(connection: Connection, run_id: str) -> None:
    """Keep that the desired state is now that of this reconcile."""
    connection.execute(_BUILT, (run_id,))


def record_standing(connection: Connection, fingerprint: str) -> None:
    """Keep with which project the nodes of dbt that stand between nights were built."""
    connection.execute(_STANDING, (fingerprint,))


def find_standing(connection: Connection) -> str:
    """The project with which they were built last, empty where they never were."""
    return "".join(fetch_texts(connection, "select fingerprint from ops.standing_nodes"))
