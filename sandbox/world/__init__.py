"""One true set of customers, products and orders, and the records that each system has of it.

Everything follows from a seed. Records are generated lazily, one by one, so a world of a million needs no more
memory than one of five hundred; only the truth (`World.truth`) is held whole, when it is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sandbox.world.draw import Settings
from sandbox.world.systems import Record, find_places, find_resources
from sandbox.world.truth import Truth
from sandbox.world.truth_builder import build_truth


@dataclass(frozen=True)
class World:
    """A world; equal settings give equal worlds."""

    settings: Settings

    def records(self, system: str, resource: str) -> Iterator[Record]:
        """What one system holds of one resource, generated anew at each call."""
        return find_resources()[system][resource](self.settings)

    def of(self, system: str, part: tuple[int, int] = (0, 1)) -> dict[str, Iterator[Record]]:
        """All records of one system by resource, or the part with this number of so many.

        KeyError for a system that declares no records of the world, and for parts of one that has none.
        """
        if system not in find_resources():
            raise KeyError(
                f"the world has no records of {system}: give it sandbox/vendors/{system}/world.py with RESOURCES"
            )
        return {resource: self._part(system, resource, part) for resource in find_resources()[system]}

    def _part(self, system: str, resource: str, part: tuple[int, int]) -> Iterator[Record]:
        number, count = part
        records = self.records(system, resource)
        if count == 1:
            return records
        place = find_places(system)
        if place is None:
            raise KeyError(f"the world has one {system} only: its world.py has no place_in_parts")
        return (record for record in records if place(self.settings, resource, record) % count == number)

    @property
    def shopify(self) -> dict[str, Iterator[Record]]:
        """The shop's nodes by resource."""
        return self.of("shopify")

    @property
    def salesforce(self) -> dict[str, Iterator[Record]]:
        """The CRM's records by resource."""
        return self.of("salesforce")

    @property
    def tryton(self) -> dict[str, Iterator[Record]]:
        """The ERP's records by resource."""
        return self.of("tryton")

    @cached_property
    def truth(self) -> Truth:
        """What is right; it is held in memory, which is enough for some ten thousand customers."""
        return build_truth(self.settings)


def generate(
    seed: int, *, as_of: datetime, customers: int = 500, products: int = 200, orders: int = 1500
) -> World:
    """The world of a seed, as it stands at `as_of`."""
    return World(Settings(seed=seed, customers=customers, products=products, orders=orders, as_of=as_of))
