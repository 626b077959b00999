"""FedEx: its declaration, and the dialect that it alone speaks."""

from concord.systems.fedex.declaration import SYSTEM

__all__ = ["SYSTEM"]
