"""A vendor's clock that is behind ours: the window is read, and booked, by the vendor's time.

A record that changes after the reading gets a stamp by the vendor's clock, which may lie before the end of the
window. So coverage ends where that clock stood when the reading began. The clock may have been right the night
before: changes since then may have stamps from before the window, so the window is read from earlier on as well.
"""

import logging
from datetime import datetime, timedelta

from concord.contract import Batch, ChangedBetween
from concord.monitoring.clocks import TOLD_ABOVE, say_difference
from concord.store.engine import Connection
from concord.store.ledger.clocks import move_coverage, record_clock

_logger = logging.getLogger(__name__)


def keep_clock(connection: Connection, batch: Batch, behind: timedelta | None) -> None:
    """Keep with the batch how far the vendor's clock is behind; above a minute a warning tells it."""
    if behind is None:
        return
    if abs(behind) > TOLD_ABOVE:
        _logger.warning("%s", say_difference(batch.system.name, behind))
    record_clock(connection, batch.batch_id, behind)


def book_by_vendors_clock(
    connection: Connection, batch: Batch, behind: timedelta | None, began: datetime
) -> timedelta:
    """End the coverage of a batch, whose reading began then, where the vendor's clock stood.

    Returns how long before its window the batch must be read as well. Zero where the overlap of windows makes up
    for the difference.
    """
    changes = batch.resource.changes
    if behind is None or not isinstance(changes, ChangedBetween) or behind <= min(TOLD_ABOVE, changes.overlap):
        return timedelta(0)
    move_coverage(connection, batch.batch_id, earlier=behind, until=began - behind)
    return behind
