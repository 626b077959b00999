"""One vendor application: how it is reached, its limits and manners, its resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from concord.contract.resources import Resource
from concord.contract.sessions import Auth
from concord.contract.windows import Worklist
from concord.errors import ContractError


@dataclass(frozen=True, slots=True)
class Pace:
    """A system's budget shared by all workers: calls per second on average, and at once."""

    per_second: float
    burst: int = 1
    concurrency: int = 2


@dataclass(frozen=True, slots=True)
class Manners:
    """How a vendor says some things its own way.

    `limit_codes` mean "too many calls" under any status, `lock_codes` "somebody is at this record"; `limit_waits`
    are names of limits, `busy_waits` statuses of "not now, nothing was done", with the seconds to wait. `headers`
    go with every call; `version_header` names what answered, `retry_header` says if another attempt may help. An
    error answer that holds `fault_mark` is how the protocol itself refuses, and goes to whoever reads it.
    """

    limit_codes: frozenset[str] = frozenset()
    version_header: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    limit_waits: Mapping[str, float] = field(default_factory=dict)
    busy_waits: Mapping[int, float] = field(default_factory=dict)
    lock_codes: frozenset[str] = frozenset()
    retry_header: str = ""
    fault_mark: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """One vendor application: where it is, how to log in, its limits, its resources in the order of writing."""

    name: str
    title: str
    connection: str
    auth: Auth
    pace: Pace
    resources: tuple[Resource, ...]
    owns: str = ""
    api_version: str = ""
    api_version_ends: str = ""
    manners: Manners = Manners()

    def __post_init__(self) -> None:
        names = [item.name for item in self.resources]
        if len(set(names)) != len(names):
            raise ContractError(f"System {self.name} declares a resource twice; keep one of each.")
        try:
            self.version_end()
        except ValueError as error:
            raise ContractError(f"System {self.name}: write api_version_ends as YYYY-MM-DD.") from error

    @property
    def is_read_last(self) -> bool:
        """Whether what it is asked for is worked out from what the others said."""
        return any(isinstance(resource.changes, Worklist) for resource in self.resources)

    def version_end(self) -> date | None:
        """The last day of the API version, None where the vendor has not named one."""
        return date.fromisoformat(self.api_version_ends) if self.api_version_ends else None

    def resource(self, name: str) -> Resource:
        """The resource of that name, or a sentence that lists those there are."""
        for item in self.resources:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.resources)
        raise ContractError(f"System {self.name} has no resource {name!r}; it has {known}.")
