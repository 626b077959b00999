"""Writes a world to a folder: NDJSON per system and resource, and the truth beside it."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from sandbox.world import World, generate
from sandbox.world.systems import find_resources

_TRUTH_CEILING = 50_000


def write_world(world: World, folder: Path, *, systems: tuple[str, ...] | None = None) -> dict[str, int]:
    """Write one `<system>/<resource>.ndjson` for each resource of all systems, or of those that are named.

    Returns the number of records by `system/resource`.
    """
    counts = {}
    for system in systems or tuple(find_resources()):
        (folder / system).mkdir(parents=True, exist_ok=True)
        for resource in find_resources()[system]:
            with (folder / system / f"{resource}.ndjson").open("w", encoding="utf-8") as out:
                count = 0
                for record in world.records(system, resource):
                    out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
                    count += 1
            counts[f"{system}/{resource}"] = count
    return counts


def _read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.world", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--orders", type=int, default=1500)
    parser.add_argument("--scale", type=int, help="customers and orders at once")
    parser.add_argument("--as-of", type=datetime.fromisoformat, help="ISO 8601, UTC unless it says otherwise")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Generate and write a world; the truth is left out of a world that is too large for the memory."""
    options = _read_arguments(arguments)
    as_of = options.as_of or datetime.now(UTC).replace(hour=0, minute=0, second=0)
    world = generate(
        options.seed,
        as_of=as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC),
        customers=options.scale or options.customers,
        products=options.products,
        orders=options.scale or options.orders,
    )
    counts = write_world(world, options.out)
    if world.settings.customers <= _TRUTH_CEILING:
        world.truth.save(options.out / "truth.json.gz")
    sys.stdout.write(json.dumps(counts, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
