"""Salesforce CRM: its declaration, and the dialect that it alone speaks."""

from concord.systems.salesforce.declaration import SYSTEM

__all__ = ["SYSTEM"]
