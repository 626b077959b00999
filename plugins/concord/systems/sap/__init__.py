"""SAP S/4HANA: its declaration, and the dialect that it alone speaks."""

from concord.systems.sap.declaration import SYSTEM

__all__ = ["SYSTEM"]
