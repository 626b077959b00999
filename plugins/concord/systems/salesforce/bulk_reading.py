"""Reads a large window by one query job of Bulk API 2.0 instead of thousands of small pages.

The job runs without ORDER BY, which would keep Salesforce from splitting it. It is deleted at the end.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

from collections.abc import Iterator, Mapping

from concord.contract import Page, Resource, Session
from concord.errors import ServerError
from concord.protocols.reading import Pages
from concord.protocols.session.retries import Backoff, retry
from concord.systems.salesforce.bulk_csv import read_page
from concord.systems.salesforce.bulk_jobs import COMPLETE, OVER, Job, abort, discard, follow, open_job

_ROWS = 10_000
_DOWNLOADS = Backoff(attempts=3, first_wait=0.0)
_LAST = "null"


def read_bulk(session: Session, resource: Resource, path: str, query: str) -> Iterator[Page]:
    """All records of the query, deleted ones included, page by page.

    A `ServerError` says that the job failed, was aborted, or that its files are broken.
    """
    order = {"operation": "queryAll", "query": query, "contentType": "CSV"}
    job = open_job(session, path, {**order, "columnDelimiter": "COMMA", "lineEnding": "LF"})
    address = f"{path}/{job.id}"
    try:
        job = follow(session, address)
        if job.state != COMPLETE:
            raise _no_result(resource, job)
        yield from _results(session, resource, address, job)
    finally:
        if job.state not in OVER:
            abort(session, address)
        discard(session, address)


def _no_result(resource: Resource, job: Job) -> ServerError:
    if job.state == "Aborted":
        sentence = "somebody aborted it; run the task again"
    else:
        sentence = f"Salesforce gave it up ({job.reason}); run the task again, or read shorter windows"
    return ServerError(f"The bulk job {job.id} that reads {resource.name} has no result: {sentence}.", job=job.id)


def _results(session: Session, resource: Resource, address: str, job: Job) -> Iterator[Page]:
    pages, received, locator = Pages(resource.name), 0, ""
    while True:
        page, following = _download(session, resource, f"{address}/results", locator)
        received += len(page)
        yield page
        if following in ("", _LAST):
            break
        pages.note_next(following)
        locator = following
    if job.number_records_processed not in (None, received):
        raise ServerError(
            f"The bulk job {job.id} found {job.number_records_processed} records of {resource.name} and returned "
            f"{received}; nothing was kept, run the task again.",
            job=job.id,
        )


def _download(session: Session, resource: Resource, address: str, locator: str) -> tuple[Page, str]:
    """One page and where the next one lies; a page that is cut off is asked for again."""
    params = {"maxRecords": f"{session.connection.number('bulk_page_rows', _ROWS):.0f}"}
    if locator:
        params["locator"] = locator
    csv_session = session.with_headers({"Accept": "text/csv"})

    def download_once() -> tuple[Page, str]:
        response = csv_session.fetch("GET", address, params=params)
        try:
            announced = _announced(response.headers)
            page = read_page(resource, response.body, announced)
            if announced is not None and announced != len(page):
                raise ValueError(f"it holds {len(page)} records and announces {announced}")
            return page, response.headers.get("sforce-locator", "")
        except ValueError as error:
            raise ServerError(
                f"A file of {resource.name} came broken {_DOWNLOADS.attempts} times: {error}; nothing was kept, "
                "run the task again.",
                resource=resource.name,
            ) from error

    return retry(
        download_once, _DOWNLOADS, session.pause, may_repeat=lambda error: isinstance(error.__cause__, ValueError)
    )


def _announced(headers: Mapping[str, str]) -> int | None:
    """How many records the vendor says that a page holds."""
    announced = headers.get("sforce-numberofrecords", "")
    return int(announced) if announced.isdigit() else None
