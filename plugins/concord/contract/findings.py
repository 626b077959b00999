"""What a check of an account says before the first night, and a reader that offers a page for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from concord.contract.resources import Page, Resource
from concord.contract.sessions import Session


class Level(StrEnum):
    """How much a finding matters; the later of two is the worse one."""

    OK = "ok"
    NOTE = "note"
    FAILS = "fails"

    @property
    def rank(self) -> int:
        """0 for the best level, counted up to the worst."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found out.

    `subject` is what was looked at in one word, such as `login` or `scopes`, and `sentence` what is so and what to
    do about it, without values of records. `resource` is the name of the resource that it is about, empty where it
    is about the whole system.
    """

    level: Level
    subject: str
    sentence: str
    resource: str = ""


@runtime_checkable
class PageReader(Protocol):
    """A reader that reads much in another way than a page, and so offers a page for a look at the account."""

    def read_pages(self, session: Session, resource: Resource) -> Iterator[Page]:
        """Pages of the records there are now, one call each, however many records there are."""
