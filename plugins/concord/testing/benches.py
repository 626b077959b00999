"""The systems that the suite runs on, and what it must know of each: the `FACTS` of a module of its name.

Where the modules lie is said once, before the tests are collected, because the tests are made for each system.
"""

from functools import cache
from pathlib import Path

from concord.contract import System
from concord.testing.facts import Facts
from concord.testing.modules import Modules

_chosen: list[Modules] = []


def choose_benches(modules: Modules) -> None:
    """Say what the suite runs on; the last one that is said holds."""
    _chosen[:] = [modules]
    facts_of.cache_clear()


def _choice() -> Modules:
    assert _chosen, "no benches are chosen; run pytest on the tests of a project, not on the suite alone"
    return _chosen[0]


def folder_of_benches() -> Path:
    """The place of the modules of the benches."""
    return _choice().folder


def systems_on_benches() -> tuple[System, ...]:
    """The systems that the suite runs on."""
    return tuple(_choice().find_systems())


def has_bench(name: str) -> bool:
    """Whether a system can be tested at all."""
    return _choice().find(name) is not None


@cache
def facts_of(name: str) -> Facts:
    """The facts of a system; a system without a bench fails its tests with a sentence."""
    file, module = _choice().folder / f"{name}.py", _choice().find(name)
    assert module is not None, f"System {name} has no bench; write {file} with FACTS."
    facts = getattr(module, "FACTS", None)
    assert isinstance(facts, Facts), f"{file} has no FACTS; end it with FACTS = Facts(...)."
    return facts
