"""One module per system: `FACTS` says how its server is started and what the standard suite needs to know."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from concord.contract import System
from concord.registry import declared_systems
from tests.systems.bench import Facts
from tests.systems.kiosk_system import SYSTEM as KIOSK
from tests.systems.oscar_system import SYSTEM as OSCAR


def systems_on_benches() -> tuple[System, ...]:
    """The systems that are declared, and two that a stranger would add."""
    return (*declared_systems(), OSCAR, KIOSK)


def has_bench(name: str) -> bool:
    """Whether a system can be tested at all."""
    return find_spec(f"{__name__}.{name}") is not None


@cache
def facts_of(name: str) -> Facts:
    """The facts of a system; a system without a bench fails its tests with a sentence."""
    if not has_bench(name):
        raise AssertionError(f"System {name} has no bench; give it tests/systems/benches/{name}.py with FACTS.")
    facts = import_module(f"{__name__}.{name}").FACTS
    assert isinstance(facts, Facts)
    return facts
