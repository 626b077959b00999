"""NetSuite ledger: its declaration, and the dialect that it alone speaks."""

from concord.systems.netsuite.declaration import SYSTEM

__all__ = ["SYSTEM"]
