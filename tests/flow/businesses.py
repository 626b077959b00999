"""Businesses drawn from a seed: which systems they use, in which order and roles, and their sandboxes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from concord import registry
from concord.installed import PRODUCT
from concord.local.installation import Installation
from concord.settings import Connection
from sandbox.staged_system import StagedSystem
from sandbox.staging import stage_systems
from sandbox.world import World

# What real servers need is made once and kept, as in any installation.
STATE = PRODUCT / ".concord"
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
    """The systems of these names as the demo stages them, filled with their records."""
    installation = Installation(folder, is_bound=True)
    with installation.processes:
        staged = stage_systems(list(names), installation)
        for system in staged.values():
            system.prepare(installation, STATE)
            system.start(world, installation.processes)
        yield staged


def connections(staged: Mapping[str, StagedSystem]) -> dict[str, Connection]:
    """How the product reaches each."""
    found = {}
    for name, system in staged.items():
        parts = json.loads(system.connection())
        login = parts["login"], parts["password"]
        found[name] = Connection(registry.system(name).connection, parts["host"], *login, parts["extra"])
    return found
