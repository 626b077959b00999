"""The ids of Concord's Dags, each spelled once; the id of a Dag for one system contains the system's name."""

RECONCILE = "reconcile"
REPORT = "report"
UNDO = "undo"
REPLAY = "replay"
BACKFILL = "backfill"
AFTER_BACKFILL = "after_backfill"
OF_BACKFILL = "after_backfill__"  # how the id of a reconcile begins that ends a backfill


def ingest_dag(system: str) -> str:
    """The Dag that reads this system."""
    return f"ingest_{system}"


def write_back_dag(system: str) -> str:
    """The Dag that plans changes for this system and writes them."""
    return f"write_back_{system}"
