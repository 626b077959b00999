"""Tryton ERP: its declaration, and the dialect that it alone speaks."""

from concord.systems.tryton.declaration import SYSTEM

__all__ = ["SYSTEM"]
