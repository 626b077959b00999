"""HubSpot CRM: its declaration, and the dialect that it alone speaks."""

from concord.systems.hubspot.declaration import SYSTEM

__all__ = ["SYSTEM"]
