"""Concord's standard suite runs on the systems of this project."""

pytest_plugins = ["concord.testing.plugin"]
