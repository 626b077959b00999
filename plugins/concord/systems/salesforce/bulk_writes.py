"""Writes records of Salesforce: a few by the collections calls, many by one ingest job of Bulk API 2.0.

A job takes no condition, so the guards are compared right before it. Its results are matched by the key of each
row, never by the order of the rows. Before anything is sent, the results of jobs that an interrupted run left
behind are read: what such a job has written is confirmed and not sent again.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import ClassVar

from concord.contract import Change, Outcome, Resource, Session
from concord.errors import ConcordError, ConfigurationError, OutcomeUnknownError, RequestError
from concord.protocols.reading import batched
from concord.protocols.session.retries import Backoff, poll
from concord.protocols.writing import Settled, confirmed, held, rejected, split_moved, unknown
from concord.systems.salesforce.bulk_ingest import Results, run_job
from concord.systems.salesforce.bulk_lost import confirm_lost
from concord.systems.salesforce.bulk_rows import RowBuilder, UploadRow
from concord.systems.salesforce.collections import LOCKED, LOCKED_SENTENCE, SalesforceCollections
from concord.systems.salesforce.soql import SalesforceApi

_LOCK_BACKOFF = Backoff(attempts=3, first_wait=2.0)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SalesforceBulk:
    """Up to `above` changes go by collections, more by a job; `bulk_write_above` in the extra overrides it.

    `size` is the most changes of one call of the writer, `threads` the collections calls at the same time. Of the
    calls of one writer only one runs jobs at a time: jobs of one object hinder each other, and a job that another
    thread has just opened must not be taken for one that an interrupted run left behind.
    """

    api: SalesforceApi
    sobject: str
    above: int = 2_000
    size: int = 10_000
    threads: int = 4
    job_lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        most = int(session.connection.number("bulk_write_above", self.above))
        with self.job_lock:
            jobs = _Jobs(session, resource, RowBuilder(resource, self.sobject), self.api, most)
            settled = jobs.write(changes)
        return self._write_few(session, resource, settled)

    def _write_few(self, session: Session, resource: Resource, settled: Settled) -> list[Outcome]:
        """Send what the jobs left unsent by collections, several at once; after an error the rest is held."""
        collections = SalesforceCollections(self.api, self.sobject)
        errors = [] if settled.error is None else [settled.error]

        def send(some: Sequence[Change]) -> list[Outcome]:
            try:
                return [] if errors else collections.write(session, resource, some)
            except ConcordError as error:
                errors.append(error)
                return []

        with ThreadPoolExecutor(self.threads, thread_name_prefix="collections") as threads:
            parts = threads.map(send, batched(settled.unsent, collections.size))
            outcomes = [*settled.outcomes, *(outcome for part in parts for outcome in part)]
        if errors and not outcomes:
            raise _without_blame(errors[0])
        ended = {outcome.change_id for outcome in outcomes}
        left = [change for change in settled.unsent if change.change_id not in ended]
        return outcomes + [held(change, errors[0].message) for change in left]


@dataclass(frozen=True, slots=True)
class _Jobs:
    """The jobs of one call of the writer: more than `most` changes of one kind go by a job."""

    session: Session
    resource: Resource
    rows: RowBuilder
    api: SalesforceApi
    most: int

    @property
    def path(self) -> str:
        return self.api.path(self.session, "jobs/ingest")

    def write(self, changes: Sequence[Change]) -> Settled:
        """What the jobs did; changes that are too few for a job, or do not fit one, are left unsent."""
        whole = Settled(confirm_lost(self.session, self.path, self.rows, changes))
        ended = {outcome.change_id for outcome in whole.outcomes}
        for is_new in (False, True):
            group = [item for item in changes if item.change_id not in ended and (item.key is None) is is_new]
            is_large = len(group) > self.most and whole.error is None
            whole.add(self._write_group(group) if is_large else Settled(unsent=group))
        return whole

    def _write_group(self, changes: Sequence[Change]) -> Settled:
        """One job for the changes whose guard holds, and others for rows that another process has locked."""
        try:
            ready, ended, _ = split_moved(self.session, self.resource, changes)
        except ConcordError as error:
            return Settled(unsent=list(changes), error=_without_blame(error))
        rows = self._rows_of(ready)
        sent = {row.change.change_id for row in rows}
        settled = Settled(ended, [change for change in ready if change.change_id not in sent])

        def send_left() -> list[UploadRow]:
            nonlocal rows
            part, rows = self._send(rows)
            settled.add(part)
            return rows

        locked = poll(send_left, self._are_few, _LOCK_BACKOFF, self.session.pause) if rows else []
        if self._are_few(locked):
            settled.unsent += [row.change for row in locked]
        else:
            settled.outcomes += [rejected(row.change, LOCKED_SENTENCE) for row in locked]
        return settled

    def _are_few(self, rows: Sequence[UploadRow]) -> bool:
        return len(rows) <= self.most

    def _rows_of(self, changes: Sequence[Change]) -> list[UploadRow]:
        """A row for each change that fits one; of several with one key the first."""
        rows: dict[str, UploadRow] = {}
        for change in changes:
            if (row := self.rows.row_of(change)) is not None:
                rows.setdefault(row.key, row)
        return list(rows.values())

    def _send(self, rows: Sequence[UploadRow]) -> tuple[Settled, list[UploadRow]]:
        """What one job did, and the rows that another process has locked, of which nothing was written."""
        changes = [row.change for row in rows]
        try:
            results = run_job(self.session, self.path, rows[0].kind, [row.cells for row in rows])
        except RequestError as error:
            _logger.warning("Salesforce takes no bulk job; small calls are made instead. reason=%s", error.message)
            return Settled(unsent=changes), []
        except OutcomeUnknownError as error:
            return Settled([unknown(change, error.message) for change in changes]), []
        except ConcordError as error:
            return Settled(unsent=changes, error=error), []
        return _judge(rows, results)


def _judge(rows: Sequence[UploadRow], results: Results) -> tuple[Settled, list[UploadRow]]:
    """The outcomes by key, and the rows that another process has locked."""
    key = rows[0].kind.key
    written = {row.get(key, ""): row.get("sf__Id", "") for row in results.written}
    refused = {row.get(key, ""): row.get("sf__Error", "") for row in results.refused}
    untouched = {row.get(key, "") for row in results.untouched}
    outcomes: list[Outcome] = []
    locked: list[UploadRow] = []
    for row in rows:
        if row.key in written:
            outcomes.append(confirmed(row.change, row.change.key or written[row.key]))
        elif refused.get(row.key, "").startswith(LOCKED):
            locked.append(row)
        elif row.key in refused:
            outcomes.append(rejected(row.change, _sentence(refused[row.key])))
        elif row.key in untouched:
            outcomes.append(held(row.change, f"the bulk job ended before it ({results.job.reason})"))
        else:
            outcomes.append(unknown(row.change, "The bulk job's results do not mention this record."))
    return Settled(outcomes), locked


def _sentence(error: str) -> str:
    """The vendor's `CODE:message:fields --` as a sentence."""
    code, _, rest = error.partition(":")
    return f"{code}: {rest.rpartition(':')[0] or rest}"


def _without_blame(error: ConcordError) -> ConcordError:
    """A refused reading as an error that stops: no single change is at fault, so the call is not narrowed down."""
    return ConfigurationError(error.message, **error.facts) if isinstance(error, RequestError) else error
