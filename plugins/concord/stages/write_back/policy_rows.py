"""The rows of the approval policy, and which of them covers a change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from concord.contract import ARCHIVE

ANY = "*"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One row of `approval_policy`; a column that the table lacks states no limit.

    `names` are those by which a row may mean the system, the most specific one first.
    """

    columns: Mapping[str, object]
    names: Sequence[str] = ()

    def covers(self, resource: str, action: str) -> bool:
        """Whether the row is about an action at a resource. An archive must be named."""
        is_meant = self.named("action") == action or (self.named("action") == ANY and action != ARCHIVE)
        return self.named("resource") in (ANY, resource) and is_meant

    @property
    def weight(self) -> tuple[bool, bool, int]:
        """How specific the row is; the most specific one that states a limit decides."""
        name = self.named("system")
        closeness = len(self.names) - self.names.index(name) if name in self.names else int(name != ANY)
        return self.named("resource") != ANY, self.named("action") != ANY, closeness

    def named(self, column: str) -> str:
        """The text of a column; empty means all."""
        return str(self.columns.get(column) or ANY)

    def limit(self, column: str) -> Decimal | None:
        """The limit in a column, or None when the row states none."""
        value = self.columns.get(column)
        return None if value in (None, "") else Decimal(str(value))


def first_limit(rows: Iterable[PolicyRow], column: str) -> Decimal | None:
    """The limit of the first row that states one, or None."""
    return next((limit for row in rows if (limit := row.limit(column)) is not None), None)
