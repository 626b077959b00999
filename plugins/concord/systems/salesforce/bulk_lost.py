"""Changes that a job carried out for a run that was interrupted before it read the results are not sent again."""

from collections.abc import Sequence

from concord.contract import Change, Outcome, Resource, Session
from concord.protocols.values import read_moment
from concord.protocols.writing import confirmed, is_gone, read_records
from concord.systems.salesforce.bulk_ingest import Results, Row, find_lost
from concord.systems.salesforce.bulk_rows import RowBuilder, UploadRow

_OWN_COLUMNS = "sf__"
_ID = "sf__Id"


def confirm_lost(session: Session, path: str, rows: RowBuilder, changes: Sequence[Change]) -> list[Outcome]:
    """The outcomes of changes that a lost job has written; those that it refused or did not reach are left out."""
    wanted = [row for change in changes if (row := rows.row_of(change)) is not None]
    outcomes: dict[str, Outcome] = {}
    for kind, results in find_lost(session, path, {row.kind: None for row in wanted}):
        written = {cells.get(kind.key, ""): cells for cells in results.written}
        done = [
            (row.change, written[row.key])
            for row in wanted
            if row.kind == kind and row.key in written and _is_this(rows.resource, row, written[row.key], results)
        ]
        outcomes |= {outcome.change_id: outcome for outcome in _confirm(session, rows.resource, done)}
    return list(outcomes.values())


def _is_this(resource: Resource, row: UploadRow, written: Row, results: Results) -> bool:
    """Whether the job wrote these very values, and not before the plan saw the record as it was."""
    cells = {name: cell for name, cell in written.items() if cell and not name.startswith(_OWN_COLUMNS)}
    seen, began = read_moment(row.change.guard.get(resource.guard)), results.job.created_at
    if seen is not None and began is not None and seen.replace(microsecond=0) > began:
        return False
    return cells == row.cells


def _confirm(session: Session, resource: Resource, done: Sequence[tuple[Change, Row]]) -> list[Outcome]:
    """Confirm what was written; a record that was created may have been deleted since, so it is read."""
    created = [written[_ID] for change, written in done if change.key is None]
    records = read_records(session, resource, created) if created else {}
    return [
        confirmed(change, change.key or written[_ID])
        for change, written in done
        if change.key is not None or not is_gone(resource, records.get(written[_ID]))
    ]
