"""One true set of customers, products and orders, and what each system makes of it.

Everything follows from a seed. Records are generated lazily, one by one, so a world of a million needs no more
memory than one of five hundred; only the truth (`World.truth`) is held whole, when it is asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sandbox.world import salesforce, shopify, tryton
from sandbox.world.draw import Settings
from sandbox.world.truth import Truth
from sandbox.world.verdicts import build_truth

Record = dict[str, Any]
Source = Callable[[Settings], Iterator[Record]]

RESOURCES: Mapping[str, Mapping[str, Source]] = {
    "shopify": {
        "customers": shopify.customers,
        "product_variants": shopify.product_variants,
        "inventory_items": shopify.inventory_items,
        "orders": shopify.orders,
    },
    "salesforce": {
        "accounts": salesforce.accounts,
        "contacts": salesforce.contacts,
        "orders": salesforce.orders,
    },
    "tryton": {
        "parties": tryton.parties,
        "products": tryton.products,
        "sales": tryton.sales,
    },
}


@dataclass(frozen=True)
class World:
    """A world; equal settings give equal worlds."""

    settings: Settings

    def records(self, system: str, resource: str) -> Iterator[Record]:
        """What one system holds of one resource, generated anew at each call."""
        return RESOURCES[system][resource](self.settings)

    def _of(self, system: str) -> dict[str, Iterator[Record]]:
        return {resource: self.records(system, resource) for resource in RESOURCES[system]}

    @property
    def shopify(self) -> dict[str, Iterator[Record]]:
        """The shop's nodes by resource."""
        return self._of("shopify")

    @property
    def salesforce(self) -> dict[str, Iterator[Record]]:
        """The CRM's records by resource."""
        return self._of("salesforce")

    @property
    def tryton(self) -> dict[str, Iterator[Record]]:
        """The ERP's records by resource, in neutral words."""
        return self._of("tryton")

    @cached_property
    def truth(self) -> Truth:
        """What is right; held in memory, so meant for worlds of some ten thousand."""
        return build_truth(self.settings)


def generate(
    seed: int, *, as_of: datetime, customers: int = 500, products: int = 200, orders: int = 1500
) -> World:
    """The world of a seed, as it stands at `as_of`."""
    return World(Settings(seed=seed, customers=customers, products=products, orders=orders, as_of=as_of))
