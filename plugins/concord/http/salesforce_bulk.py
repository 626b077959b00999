"""Reads a large window by one query job of Bulk API 2.0 instead of thousands of small pages.

The job runs without ORDER BY, which would keep Salesforce from splitting it. It is deleted at the end.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

from collections.abc import Iterator, Mapping

from concord.contract import Page, Resource, Session
from concord.errors import ServerError
from concord.http.paging import Pages
from concord.http.salesforce_bulk_csv import read_page
from concord.http.salesforce_bulk_jobs import COMPLETE, OVER, Job, abort, discard, follow, open_job

_ROWS = 10_000
_DOWNLOADS = 3
_LAST = "null"


def read_bulk(session: Session, resource: Resource, path: str, query: str) -> Iterator[Page]:
    """All records of the query, deleted ones included, page by page.

    A job that fails, is aborted or hands out broken files is a `ServerError`, and nothing of it lands.
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
        pages.turn(following)
        locator = following
    if job.number_records_processed not in (None, received):
        raise ServerError(
            f"The bulk job {job.id} found {job.number_records_processed} records of {resource.name} and handed "
            f"out {received}; nothing was kept, run the task again.",
            job=job.id,
        )


def _download(session: Session, resource: Resource, address: str, locator: str) -> tuple[Page, str]:
    """One page and where the next one lies; a page that is cut off is asked for again."""
    params = {"maxRecords": f"{session.connection.number('bulk_page_rows', _ROWS):.0f}"}
    if locator:
        params["locator"] = locator
    csv_session = session.with_headers({"Accept": "text/csv"})
    for attempt in range(1, _DOWNLOADS + 1):
        answer = csv_session.fetch("GET", address, params=params)
        try:
            page = read_page(resource, answer.body)
            _check_count(page, answer.headers)
            return page, answer.headers.get("sforce-locator", "")
        except ValueError as error:
            if attempt == _DOWNLOADS:
                raise ServerError(
                    f"A file of {resource.name} came broken {_DOWNLOADS} times: {error}; nothing was kept, "
                    "run the task again.",
                    resource=resource.name,
                ) from error
    raise AssertionError("unreachable: the last download returns or raises")


def _check_count(page: Page, headers: Mapping[str, str]) -> None:
    told = headers.get("sforce-numberofrecords", "")
    if told.isdigit() and int(told) != len(page):
        raise ValueError(f"it holds {len(page)} records and says {told}")
