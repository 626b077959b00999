"""What disagreed and was found, beside what the world planted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

Break = tuple[str, str, str]  # entity, golden id, cause


@dataclass(frozen=True, slots=True)
class BreakVerdict:
    """Breaks that were planted, those of them not found, and those found that nobody planted."""

    planted: int = 0
    missed: tuple[Break, ...] = ()
    invented: tuple[Break, ...] = ()

    @classmethod
    def of(cls, planted: Iterable[Break], found: Iterable[Break]) -> Self:
        """Both sides compared."""
        wanted, seen = set(planted), set(found)
        return cls(len(wanted), tuple(sorted(wanted - seen)), tuple(sorted(seen - wanted)))

    @property
    def is_right(self) -> bool:
        """Whether exactly what was planted was found."""
        return not (self.missed or self.invented)
