"""Klaviyo marketing: its declaration, and the dialect that it alone speaks."""

from concord.systems.klaviyo.declaration import SYSTEM

__all__ = ["SYSTEM"]
