"""The command line. A verb imports what it needs when it is used, so that help comes at once."""

from concord.cli.main import main

__all__ = ["main"]
