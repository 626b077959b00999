"""Lands records as a vendor's page holds them, and judges them as every night does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec

from concord.contract import Lookup, Page, Resource, Session
from concord.installed import PRODUCT
from concord.registry import system
from concord.stages.extract.read_window import extract_matching
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables


@dataclass(frozen=True)
class Given:
    """A reader that gives these records."""

    page: Sequence[bytes]

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        yield [msgspec.Raw(raw) for raw in self.page]


class NothingAsked:
    """A session by which nobody is asked anything, so that no clock is known either."""

    clock_behind = None


def land_and_judge(
    database: Database, where: str, page: Sequence[bytes], *, reference: str = "the case"
) -> BatchCounts:
    """What became of the records; `where` is `system/resource`."""
    owner, _, name = where.partition("/")
    declared = system(owner)
    resource = replace(declared.resource(name), read=cast("Any", Given(page)))
    create_tables(database, declared, resource)
    lookup = Lookup(name=resource.key, values=["any"], reference=reference)
    session = cast("Any", NothingAsked())
    batch = extract_matching(database, session, system=declared, resource=resource, lookup=lookup)
    suites = PRODUCT / "expectations"
    return validate_batch(database, system=declared, resource=resource, batch_id=batch, suites=suites)
