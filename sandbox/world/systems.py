"""What each system has of the world, as the `world.py` in its folder of the sandbox or of the project declares it.

`RESOURCES` there names its resources, and `TRUTH` says what is right in it; without `TRUTH` nothing is judged.
Both are looked up when they are asked for, so that a vendor's `world.py` may import everything of this package.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.parts import find_parts
from sandbox.world.customers import Customer
from sandbox.world.draw import Settings
from sandbox.world.orders import Order
from sandbox.world.records import Held

Record = dict[str, Any]
Source = Callable[[Settings], Iterator[Record]]
Live = Callable[[Settings], Iterator[tuple[str, str]]]
Flat = Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]
ADDRESS = frozenset({"street", "city", "postal_code", "country_code"})
PERSON = frozenset({"first_name", "last_name"})
REACH = frozenset({"email", "phone"})
WORLD = "world"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTruth:
    """What is right in one system. Records are named by their key in the system, entities by their world id."""

    customers: str
    """The resource whose records are customers."""
    live: Mapping[str, Live] = field(default_factory=dict)
    """For each resource the key of every live record, and the world id of its customer, product or order.

    Customers that are made of `Held` records are named by `held` instead.
    """
    held: Callable[[Held, int], Iterator[str]] | None = None
    """The names `resource/key` of the records that hold what `Held` says of the customer of this index."""
    writable: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The fields of each resource that may be written."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """The resource by whose key a written record is told, where that is another one: an address by its party's."""
    unreadable: Callable[[Settings], Iterator[tuple[str, str]]] | None = None
    """The names `resource/key` of broken records of products, orders and payments, and what is wrong with each."""
    lacks_customer: Callable[[Customer], bool] | None = None
    """Whether the shop knows the customer and the system, in which customers are created, does not."""
    lacks_order: Callable[[Settings, Order], bool] | None = None
    """Whether the system knows the customer of an order, or is to get it, and not the order."""
    order_words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields of an order that only this system has: its word for each state."""
    flat: Mapping[str, Flat] = field(default_factory=dict)
    """For each resource that is judged the key of a record, and its fields under the names of the world."""


def find_resources() -> Mapping[str, Mapping[str, Source]]:
    """For each system its resources, each with the function that generates its records."""
    return {name: module.RESOURCES for name, module in find_parts(WORLD).items()}


def find_places(name: str) -> Callable[[Settings, str, Record], int] | None:
    """By what the records of a vendor are dealt out to several systems of it; None where there can be only one."""
    return getattr(find_parts(WORLD)[name], "place_in_parts", None)


def find_truths() -> Mapping[str, SystemTruth]:
    """For each system that can be judged what is right in it."""
    modules = find_parts(WORLD).items()
    return {name: module.TRUTH for name, module in modules if hasattr(module, "TRUTH")}
