"""Shopify web shop: its declaration, and the dialect that it alone speaks."""

from concord.systems.shopify.declaration import SYSTEM

__all__ = ["SYSTEM"]
