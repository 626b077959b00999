"""Concord makes the systems of a business agree."""
