"""One page of a resource: how many records came, and which of them would be set aside.

The page is judged in a temporary table by the same query that judges a night's records, and forgotten.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from psycopg import sql

from concord.contract import Account, Page, PageReader, Resource, Session, Worklist
from concord.protocols.reading import page_by_page
from concord.stages.extract.landing import copy_pages
from concord.stages.extract.read_window import with_worklist
from concord.stages.extract.rows import RowShaper
from concord.store.engine import LOADER, Connection, Database
from concord.store.tables import landing_columns
from concord.store.typed_fields import select_typed

_EMPTY_PAGES = 3  # so many pages are looked at for a first record
_TABLE = sql.Identifier("looked_at")


@dataclass(frozen=True, slots=True)
class PageLook:
    """What one page held: `records`, and for each reason how many of them would be set aside for it.

    `is_judged` is False where there is no warehouse to judge them, and `is_asked` where a worklist names nothing.
    """

    records: int = 0
    at_fault: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    is_judged: bool = True
    is_asked: bool = True


def look_at_page(session: Session, database: Database | None, declared: Resource, account: Account) -> PageLook:
    """Read one page of the resource as the account has it, and judge it; raises the session's errors."""
    resource = account.resource
    if isinstance(resource.changes, Worklist):
        resource = _with_items(database, resource)
        if not resource.changes.items:  # type: ignore[union-attr]  # it is a worklist
            return PageLook(is_asked=False)
    page = _first_page(session, resource)
    if database is None or not page:
        return PageLook(len(page), is_judged=database is not None)
    with database.transaction(LOADER) as connection:
        faults = _judge(connection, declared, account, page)
    reasons = Counter(reason for found in faults for reason in found)
    return PageLook(len(page), len(faults), reasons)


def _with_items(database: Database | None, resource: Resource) -> Resource:
    """The resource with what it must ask for now; without a warehouse, as it is declared."""
    if database is None:
        return resource
    with database.transaction(LOADER) as connection:
        return with_worklist(connection, resource, datetime.now(UTC))


def _first_page(session: Session, resource: Resource) -> Page:
    """The first page that holds a record; no further one is fetched."""
    reader = resource.read
    with page_by_page():
        if isinstance(reader, PageReader):
            pages = reader.read_pages(session, resource)
        else:
            pages = reader.read_window(session, resource, None)
        return next((page for page in islice(pages, _EMPTY_PAGES) if page), [])


def _judge(connection: Connection, declared: Resource, account: Account, page: Page) -> list[list[str]]:
    """What is wrong with each record at fault."""
    connection.execute(
        sql.SQL("create temp table {} ({}) on commit drop").format(_TABLE, landing_columns(declared))
    )
    copy_pages(connection, RowShaper(account.resource, "look", account.constants), _TABLE, [page])
    query = sql.SQL("select _faults from ({}) as typed where cardinality(_faults) > 0")
    return [list(row[0]) for row in connection.execute(query.format(select_typed(declared, _TABLE)))]  # type: ignore[call-overload]  # an array
