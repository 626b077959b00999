"""IBM i wholesale files: its declaration, and the dialect that it alone speaks."""

from concord.systems.ibm_i.declaration import SYSTEM

__all__ = ["SYSTEM"]
