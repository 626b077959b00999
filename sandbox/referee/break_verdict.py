"""Compares the breaks that Concord found with those that the world planted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

Break = tuple[str, str, str]
"""A disagreement: entity, golden id and cause."""


@dataclass(frozen=True, slots=True)
class BreakVerdict:
    """How many breaks were planted, which of them were not found, and which were found without being planted."""

    planted: int = 0
    missed: tuple[Break, ...] = ()
    invented: tuple[Break, ...] = ()

    @classmethod
    def of(cls, planted: Iterable[Break], found: Iterable[Break]) -> Self:
        """Compare the planted breaks with the found ones; repeats do not count."""
        wanted, seen = set(planted), set(found)
        return cls(len(wanted), tuple(sorted(wanted - seen)), tuple(sorted(seen - wanted)))

    @property
    def is_right(self) -> bool:
        """Whether exactly what was planted was found."""
        return not (self.missed or self.invented)
