"""Conditions and orders of a query on a vendor's records."""

from dataclasses import dataclass
from typing import Any

from sandbox.server.records import Key

Row = tuple[Key, int, str]
"""Key, change stamp, and the record as JSON text."""


@dataclass(frozen=True, slots=True)
class Where:
    """A piece of SQL over a record table, with its parameters."""

    sql: str = "1"
    params: tuple[Any, ...] = ()

    def and_(self, sql: str, *params: object) -> "Where":
        """This condition and another one."""
        return Where(f"({self.sql}) and ({sql})", (*self.params, *params))


@dataclass(frozen=True, slots=True)
class Order:
    """By stamp and key, or by key alone: the two orders in which each further page costs the same."""

    by_stamp: bool = False
    reverse: bool = False

    @property
    def sql(self) -> str:
        """The order-by clause."""
        way = " desc" if self.reverse else ""
        return f"updated_at{way}, key{way}" if self.by_stamp else f"key{way}"

    def after(self, where: Where, position: tuple[int, Key]) -> Where:
        """The rows after a position of (stamp, key)."""
        sign = "<" if self.reverse else ">"
        if self.by_stamp:
            # The plus keeps SQLite from starting each page at the window's bound instead of at the position.
            where = Where(where.sql.replace(f"updated_at {sign}", f"+updated_at {sign}"), where.params)
            return where.and_(f"(updated_at, key) {sign} (?, ?)", *position)
        return where.and_(f"key {sign} ?", position[1])
