"""Writes the models of instances: a vendor's own models, under the name of each further system of that vendor.

dbt has one relation per model, so a second shop of one vendor needs models of its own. They say the same as the
vendor's, with its name changed wherever it stands.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types

from concord.contract import System

Place = tuple[str, ...]


def write_instances(
    folder: Path, systems: Iterable[System], models: Path, places: Sequence[Place], *, own: Path | None = None
) -> None:
    """Bring a folder up to date; `places` are the folders below `models` that hold one for each vendor.

    `own` are the models of a business; what bears the name of a vendor there is that vendor's.
    """
    instances = [item for item in systems if item.vendor]
    wanted = {**dict(_write_all(instances, models, places)), **dict(_write_own(instances, own))}
    folder.mkdir(parents=True, exist_ok=True)
    for file in [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder) not in wanted]:
        file.unlink()
    for place, text in wanted.items():
        file = folder / place
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def _write_all(systems: Iterable[System], models: Path, places: Sequence[Place]) -> Iterator[tuple[Path, str]]:
    for system in systems:
        for place in places:
            for file in sorted(models.joinpath(*place, system.vendor).glob("*")):
                text = file.read_text(encoding="utf-8")
                kept = text if file.suffix == ".sql" else _without_unit_tests(text)
                name = _rename(file.name, system.vendor, system.name)
                yield Path(*place, system.name, name), _rename(kept, system.vendor, system.name)


def _write_own(systems: Iterable[System], models: Path | None) -> Iterator[tuple[Path, str]]:
    files = sorted(path for path in models.rglob("*") if path.is_file()) if models else []
    for system in systems:
        for file in files:
            own = str(file.relative_to(models))  # type: ignore[arg-type]  # there are files of it
            place = _rename(own, system.vendor, system.name)
            if place == own:
                continue
            text = file.read_text(encoding="utf-8")
            kept = text if file.suffix == ".sql" else _without_others(text, system.vendor)
            yield Path(place), _rename(kept, system.vendor, system.name)


def _rename(text: str, vendor: str, name: str) -> str:
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(vendor)}(?![A-Za-z0-9])", name, text)


def _without_others(text: str, vendor: str) -> str:
    """The description of the models that bear the vendor's name."""
    described = yaml.safe_load(text) or {}
    models = [
        model for model in described.get("models", []) if _rename(model["name"], vendor, "") != model["name"]
    ]
    return _dump({**described, "models": models})


def _without_unit_tests(text: str) -> str:
    """The description of models without tests of their logic, which are those of the vendor's."""
    return _dump(yaml.safe_load(text) or {})


def _dump(described: dict[str, Any]) -> str:
    described.pop("unit_tests", None)
    return str(yaml.safe_dump(described, sort_keys=False))
