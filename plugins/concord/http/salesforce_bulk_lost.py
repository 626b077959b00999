"""Changes that a job carried out for a run that did not live to read it: they are confirmed, not sent again."""

from collections.abc import Sequence
from datetime import datetime

from concord.contract import Change, Outcome, Resource, Session
from concord.http.guards import read_records, value_at
from concord.http.outcomes import confirmed
from concord.http.salesforce_bulk_ingest import Results, Row, find_lost
from concord.http.salesforce_bulk_rows import Shape, Told

_OWN_COLUMNS = "sf__"
_ID = "sf__Id"


def believe_lost(session: Session, path: str, shape: Shape, changes: Sequence[Change]) -> list[Outcome]:
    """The outcomes of changes that a lost job has written; what it refused or never came to is not among them."""
    told = [item for change in changes if (item := shape.tell(change)) is not None]
    outcomes: dict[str, Outcome] = {}
    for order, results in find_lost(session, path, {item.order: None for item in told}):
        rows = {row.get(order.key, ""): row for row in results.written}
        done = [
            (item.change, rows[item.key])
            for item in told
            if item.order == order and item.key in rows and _is_this(shape.resource, item, rows[item.key], results)
        ]
        outcomes |= {item.change_id: item for item in _confirm(session, shape.resource, done)}
    return list(outcomes.values())


def _is_this(resource: Resource, item: Told, row: Row, results: Results) -> bool:
    """Whether the job wrote these very values, and not before the plan saw the record as it was."""
    cells = {name: cell for name, cell in row.items() if cell and not name.startswith(_OWN_COLUMNS)}
    guard = resource.writes.guard if resource.writes else ""
    seen, began = item.change.guard.get(guard), results.job.created_at
    moment = datetime.fromisoformat(seen) if isinstance(seen, str) else seen
    if isinstance(moment, datetime) and began is not None and moment.replace(microsecond=0) > began:
        return False
    return cells == item.row


def _confirm(session: Session, resource: Resource, done: Sequence[tuple[Change, Row]]) -> list[Outcome]:
    """What was created may have been deleted since; it is looked at."""
    created = [row[_ID] for change, row in done if change.key is None]
    records = read_records(session, resource, created) if created else {}
    alive = {
        key
        for key, record in records.items()
        if not resource.deleted or value_at(record, resource.field(resource.deleted)) is not True
    }
    return [
        confirmed(change, change.key or row[_ID])
        for change, row in done
        if change.key is not None or row[_ID] in alive
    ]
