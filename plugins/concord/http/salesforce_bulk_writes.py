"""Writes records of Salesforce: a few by the collections calls, many by one ingest job of Bulk API 2.0.

A job knows no condition, so the guard is looked at right before it. Its rows are told by their key, never by
their order. Before anything is sent, the jobs that a cut-off run left behind are found and believed.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from concord.contract import Change, End, Outcome, Resource, Session
from concord.errors import ConcordError, ConfigurationError, RequestError
from concord.http.guards import split_moved
from concord.http.outcomes import confirmed, rejected, settle_all, unknown
from concord.http.paging import batched
from concord.http.salesforce_bulk_ingest import Results, run_job
from concord.http.salesforce_bulk_lost import believe_lost
from concord.http.salesforce_bulk_rows import Shape, Told
from concord.http.sobjects import SalesforceCollections
from concord.http.soql import SalesforceApi

_ATTEMPTS = 3
_LOCK_WAIT = 2.0
_LOCKED = "UNABLE_TO_LOCK_ROW"
_ONE_AT_A_TIME = threading.Lock()  # jobs of one object hinder each other, and one at work is no lost one

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SalesforceBulk:
    """Up to `above` changes go by collections, more by a job; `bulk_write_above` in the extra overrides it."""

    api: SalesforceApi
    sobject: str
    external_id: str = ""
    above: int = 2_000
    size: int = 10_000
    threads: int = 4

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        errand = _Errand(self, session, resource, int(session.connection.number("bulk_write_above", self.above)))
        with _ONE_AT_A_TIME:
            outcomes = believe_lost(session, errand.path, errand.shape, changes)
            told = {outcome.change_id for outcome in outcomes}
            left = [change for change in changes if change.change_id not in told]
            groups = [[item for item in left if (item.key is None) is is_new] for is_new in (False, True)]
            large = [group for group in groups if len(group) > errand.most]
            outcomes = settle_all(large, errand.send_many, outcomes)
        return errand.send_few([item for group in groups if len(group) <= errand.most for item in group], outcomes)


@dataclass(frozen=True, slots=True)
class _Errand:
    """One call of the writer."""

    writer: SalesforceBulk
    session: Session
    resource: Resource
    most: int

    @property
    def path(self) -> str:
        return self.writer.api.path(self.session, "jobs/ingest")

    @property
    def shape(self) -> Shape:
        return Shape(self.resource, self.writer.sobject, self.writer.external_id)

    def send_few(self, changes: Sequence[Change], before: Sequence[Outcome] = ()) -> list[Outcome]:
        """By collections, several at once; when one cannot be made, those not begun are held."""
        collections = SalesforceCollections(self.writer.api, self.writer.sobject, self.writer.external_id)
        trouble: list[ConcordError] = []

        def send(some: Sequence[Change]) -> list[Outcome]:
            try:
                return [] if trouble else collections.write(self.session, self.resource, some)
            except ConcordError as error:
                trouble.append(error)
                return []

        with ThreadPoolExecutor(self.writer.threads, thread_name_prefix="collections") as threads:
            sent = [item for part in threads.map(send, batched(changes, collections.size)) for item in part]
        outcomes = [*before, *sent]
        if trouble and not outcomes:
            raise _without_blame(trouble[0])
        ended = {outcome.change_id for outcome in outcomes}
        silent = [change for change in changes if change.change_id not in ended]
        return outcomes + [_held(change, trouble[0].message) for change in silent]

    def send_many(self, changes: Sequence[Change]) -> list[Outcome]:
        """By a job; what a row cannot say goes by collections."""
        try:
            ready, outcomes, _ = split_moved(self.session, self.resource, changes)
        except RequestError as error:
            raise _without_blame(error) from error
        chosen: dict[str, Told] = {}
        for change in ready:
            if (told := self.shape.tell(change)) is not None:
                chosen.setdefault(told.key, told)
        rows = list(chosen.values())
        sent = {told.change.change_id: told.change for told in rows}
        outcomes = settle_all([list(sent.values())] if sent else [], lambda _: self.send_job(rows), outcomes)
        return self.send_few([change for change in ready if change.change_id not in sent], outcomes)

    def send_job(self, rows: Sequence[Told], attempt: int = 1) -> list[Outcome]:
        """One job; rows that another process held are sent again."""
        try:
            results = run_job(self.session, self.path, rows[0].order, [told.row for told in rows])
        except RequestError as error:
            _logger.warning("Salesforce takes no bulk job; small calls are made instead. reason=%s", error.message)
            return self.send_few([told.change for told in rows])
        outcomes, locked = _judge(rows, results, is_last=attempt == _ATTEMPTS)
        if not locked:
            return outcomes
        self.session.pause(_LOCK_WAIT * attempt)
        changes = [told.change for told in locked]
        if len(locked) <= self.most:
            return self.send_few(changes, outcomes)
        return settle_all([changes], lambda _: self.send_job(locked, attempt + 1), outcomes)


def _judge(rows: Sequence[Told], results: Results, *, is_last: bool) -> tuple[list[Outcome], list[Told]]:
    """The outcomes by key, and the rows that another process stood in the way of."""
    key = rows[0].order.key
    written = {row.get(key, ""): row.get("sf__Id", "") for row in results.written}
    refused = {row.get(key, ""): row.get("sf__Error", "") for row in results.refused}
    untouched = {row.get(key, "") for row in results.untouched}
    outcomes: list[Outcome] = []
    locked: list[Told] = []
    for told in rows:
        if told.key in written:
            outcomes.append(confirmed(told.change, told.change.key or written[told.key]))
        elif told.key in refused and refused[told.key].startswith(_LOCKED) and not is_last:
            locked.append(told)
        elif told.key in refused:
            outcomes.append(rejected(told.change, _sentence(refused[told.key])))
        elif told.key in untouched:
            outcomes.append(_held(told.change, f"the bulk job ended before it ({results.job.reason})"))
        else:
            outcomes.append(unknown(told.change, "The bulk job's results do not mention this record."))
    return outcomes, locked


def _sentence(error: str) -> str:
    """The vendor's `CODE:message:fields --` as a sentence."""
    code, _, rest = error.partition(":")
    if code == _LOCKED:
        return f"{code}: another process holds the record; the next plan tries again."
    return f"{code}: {rest.rpartition(':')[0] or rest}"


def _held(change: Change, reason: str) -> Outcome:
    return Outcome(change.change_id, End.HELD, change.key, f"Not sent: {reason}")


def _without_blame(error: ConcordError) -> ConcordError:
    """A refused reading is nothing that a single change could be blamed for."""
    return ConfigurationError(error.message, **error.facts) if isinstance(error, RequestError) else error
