"""Stripe payments: its declaration, and the dialect that it alone speaks."""

from concord.systems.stripe.declaration import SYSTEM

__all__ = ["SYSTEM"]
