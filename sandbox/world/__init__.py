"""One true set of customers, products and orders, and what each system makes of it.

Everything follows from a seed. Records are generated lazily, one by one, so a world of a million needs no more
memory than one of five hundred; only the truth (`World.truth`) is held whole, when it is asked for.
"""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib import import_module
from typing import Any

from sandbox.world.draw import Settings
from sandbox.world.truth import Truth
from sandbox.world.verdicts import build_truth

Record = dict[str, Any]
Source = Callable[[Settings], Iterator[Record]]


def _collect() -> Mapping[str, Mapping[str, Source]]:
    """What each module of this folder that tells the world as a system says of itself in `RESOURCES`."""
    names = (found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    modules = (import_module(f"{__name__}.{name}") for name in names)
    told = {module.__name__.rpartition(".")[2]: getattr(module, "RESOURCES", None) for module in modules}
    return {name: resources for name, resources in told.items() if resources}


RESOURCES = _collect()


@dataclass(frozen=True)
class World:
    """A world; equal settings give equal worlds."""

    settings: Settings

    def records(self, system: str, resource: str) -> Iterator[Record]:
        """What one system holds of one resource, generated anew at each call."""
        return RESOURCES[system][resource](self.settings)

    def of(self, system: str) -> dict[str, Iterator[Record]]:
        """All that one system holds, by resource; a sentence where the world knows nothing of it."""
        if system not in RESOURCES:
            raise KeyError(
                f"the world knows nothing of {system}: give it sandbox/world/{system}.py with RESOURCES"
            )
        return {resource: self.records(system, resource) for resource in RESOURCES[system]}

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
        """The ERP's records by resource, in neutral words."""
        return self.of("tryton")

    @cached_property
    def truth(self) -> Truth:
        """What is right; held in memory, so meant for worlds of some ten thousand."""
        return build_truth(self.settings)


def generate(
    seed: int, *, as_of: datetime, customers: int = 500, products: int = 200, orders: int = 1500
) -> World:
    """The world of a seed, as it stands at `as_of`."""
    return World(Settings(seed=seed, customers=customers, products=products, orders=orders, as_of=as_of))
