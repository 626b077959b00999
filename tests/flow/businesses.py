"""Businesses drawn from a seed: which systems they use, in which order and roles, and their sandboxes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from concord import registry
from concord.settings import Connection
from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.staged_system import StagedSystem
from sandbox.staging import stage_parts
from sandbox.vendors.registry import find_vendors
from sandbox.world import World

SHOP, CARRIER = "shopify", "fedex"
HOLDERS = ("salesforce", "hubspot", "netsuite", "sap", "stripe", "klaviyo")
# The roles that a vendor plays when it does not play its usual one.
OTHER_ROLES = ("crm", "erp", "marketing", "payments")


@dataclass(frozen=True, slots=True)
class Business:
    """The systems of a business by name and rank, with their vendor and the roles they are given."""

    systems: Mapping[str, tuple[str, tuple[str, ...]]]

    def __str__(self) -> str:
        return " ".join(name + "".join(f":{role}" for role in roles) for name, (_, roles) in self.systems.items())

    def write(self, folder: Path) -> None:
        """Its concord.toml."""
        lines = []
        for name, (vendor, roles) in self.systems.items():
            lines += [f"[systems.{name}]"]
            lines += [f'vendor = "{vendor}"'] if vendor != name else []
            lines += [f"roles = {json.dumps(roles)}"] if roles else []
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "concord.toml").write_text("\n".join(lines) + "\n")


def draw(seed: int) -> Business:
    """Two to five systems, of which at least two hold customers; sometimes two shops, sometimes a carrier."""
    random = Random(seed)
    chosen = random.sample(HOLDERS, random.randint(1, 3))
    shops = random.choice(([], [SHOP], [SHOP], ["de", "fr"]))
    if len(chosen) + len(shops) < 2:
        shops = [SHOP]
    carriers = [CARRIER] if shops and random.random() < 0.3 else []
    names = [*shops, *chosen, *carriers]
    random.shuffle(names)
    return Business({name: (SHOP if name in shops else name, _draw_roles(random, name, shops)) for name in names})


def _draw_roles(random: Random, name: str, shops: list[str]) -> tuple[str, ...]:
    is_fixed = name in (*shops, CARRIER) or random.random() < 0.7
    return () if is_fixed else (random.choice(OTHER_ROLES),)


@contextmanager
def running(names: Iterable[str], world: World, folder: Path) -> Iterator[dict[str, StagedSystem]]:
    """A server for each system, filled with its records; systems of one vendor share them."""
    servers: dict[str, Server] = {}
    staged: dict[str, StagedSystem] = {}
    try:
        for name, (vendor, part) in stage_parts(names).items():
            load(vendor, folder / name, world.of(vendor, part))
            servers[name] = start(vendor, folder / name)
            port = servers[name].port
            staged[name] = StagedSystem(name=name, folder=folder / name, vendor=vendor, port=port)
        yield staged
    finally:
        for server in servers.values():
            server.stop()


def connections(staged: Mapping[str, StagedSystem]) -> dict[str, Connection]:
    """How the product reaches each."""
    found = {}
    for name, system in staged.items():
        vendor, connection = find_vendors()[system.vendor], registry.system(name).connection
        found[name] = Connection(connection, system.url, *vendor.client, dict(vendor.extra))
    return found
