"""Random draws that depend on the seed and the number of a record only.

So records can be generated lazily, in any order and by several processes. Planted
peculiarities are assigned by *slots*: each block of 500 indexes holds every slot exactly once, so a small world
has the same share of each peculiarity as a large one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

BLOCK = 500
_STEP = 137  # coprime to BLOCK: makes index -> slot a permutation
_STEP_INVERSE = pow(_STEP, -1, BLOCK)
SPAN = timedelta(days=90)
OPENING = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a world; two worlds with equal settings are equal byte for byte."""

    seed: int
    customers: int
    products: int
    orders: int
    as_of: datetime

    def __post_init__(self) -> None:
        """Round `as_of` to whole seconds in UTC, because some vendors keep no more."""
        if self.as_of.tzinfo is None:
            raise ValueError("as_of needs a time zone: pass an aware datetime")
        object.__setattr__(self, "as_of", self.as_of.astimezone(UTC).replace(microsecond=0))

    @property
    def begins_at(self) -> datetime:
        """The earliest moment of the world."""
        return self.as_of - SPAN


def random_for(settings: Settings, kind: str, index: int) -> Random:
    """The random generator of one record for one topic; equal arguments give equal draws."""
    return Random(f"{settings.seed}:{kind}:{index}")


def slot_of(settings: Settings, index: int) -> int:
    """The slot of an index: 0 to 499, each once in a block."""
    return (index * _STEP + settings.seed * 31) % BLOCK


def index_of_slot(settings: Settings, slot: int, block: int) -> int:
    """The index in a block that holds the slot: the inverse of `slot_of`."""
    offset = ((slot - settings.seed * 31) * _STEP_INVERSE) % BLOCK
    return block * BLOCK + offset


def moment_between(random: Random, earliest: datetime, latest: datetime) -> datetime:
    """A whole second in [earliest, latest)."""
    seconds = int((latest - earliest).total_seconds())
    return earliest + timedelta(seconds=int(random.random() * max(seconds, 1)))
