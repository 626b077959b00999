"""One module per system: `FACTS` says how its server is started and what the standard suite needs to know."""

from concord.contract import System
from concord.registry import declared_systems
from tests.systems.kiosk_system import SYSTEM as KIOSK


def systems_on_benches() -> tuple[System, ...]:
    """The systems that are declared, and one that a stranger would add."""
    return (*declared_systems(), KIOSK)
