"""How a business uses each system: whether it is written to, and whether it is read as a sample."""

from concord.project import SystemUse, read_project


def is_applied(system: str) -> bool:
    """Whether plans for a system are applied; False where the project says that they are only made and shown.

    A system that is read as a sample is never written to.
    """
    use = _use_of(system)
    return use is None or (use.is_applied and use.limit is None)


def read_limit(system: str) -> int | None:
    """How many records of each resource of a system are read as a sample; None where all are read."""
    use = _use_of(system)
    return use.limit if use else None


def _use_of(system: str) -> SystemUse | None:
    project = read_project()
    return project.systems.get(system) if project else None
