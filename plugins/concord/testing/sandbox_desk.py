"""The desk of a system whose server is a vendor of the sandbox: it causes faults and edits by the control desk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from concord.contract import Field, Resource
from concord.protocols.values import put_at
from concord.testing.bench import told
from concord.testing.desk import Desk, Values
from sandbox.launch import Server


@dataclass(frozen=True)
class Habits:
    """How a sandbox vendor names what the suite does to it.

    `collections` maps our resource to the vendor's collection where the names differ; `operations` are patterns
    of the vendor's operation names for read, write and create; `touches` what a person changes in a collection.
    `text_type` is the vendor's name for text, and `field_name` what it calls a field.
    """

    operations: Mapping[str, str]
    login: str = ""
    collections: Mapping[str, str] = field(default_factory=dict)
    touches: Mapping[str, Values] = field(default_factory=dict)
    limits: Values = field(default_factory=dict)
    text_type: str = "string"
    field_name: Callable[[Field], str] = lambda item: item.parts[0]


@dataclass
class SandboxDesk(Desk):
    """The control desk of a sandbox vendor; `limits` are set at the start and after each reset."""

    server: Server
    habits: Habits

    def __post_init__(self) -> None:
        self.server.control("keep", {})
        self._limit()

    def _name(self, resource: Resource) -> str:
        return self.habits.collections.get(resource.name, resource.name)

    def count(self, resource: Resource) -> int:
        return int(self.server.control("health")["records"][self._name(resource)])

    def fault(self, kind: str, *, on: str) -> None:
        match = (
            {"path": self.habits.login}
            if on == "login"
            else {"operation": told(self.habits.operations, on, "operations")}
        )
        skip = 1 if kind == "loop" else 0
        fault = (
            {"kind": "status_after", "status": 503, "retry_after": 0} if kind == "busy_after" else {"kind": kind}
        )
        self.server.control("faults", {"match": match, "fault": fault, "skip": skip, "times": 1})

    def cut(self, number: int) -> None:
        self.server.control(
            "faults", {"match": {}, "fault": {"kind": "cut_after"}, "skip": number - 1, "times": 1}
        )

    def has_cut(self) -> bool:
        return bool(self.server.control("faults")[-1]["struck"])

    def shorten(self, value: str) -> None:
        self.server.control("shorten", {"value": value})

    def calls(self) -> int:
        return int(self.server.control("counts")["calls"])

    def moments(self) -> list[float]:
        return [float(entry["at"]) for entry in self.server.control("log")]

    def effects(self, resource: Resource, key: str) -> object:
        records = self.server.control("counts")["records"]
        return records.get(f"{self._name(resource)}/{key}", {}).get("effects", 0)

    def raw(self, resource: Resource, key: str) -> Any:
        return self.server.control(f"records/{self._name(resource)}/one?{urlencode({'id': key})}")

    def fill(self, resource: Resource, key: str, values: Values) -> None:
        record = self.raw(resource, key)
        for path, value in values.items():
            put_at(record, path, value)
        self.server.control("put", {"resource": self._name(resource), "records": [record]})

    def expire_login(self) -> None:
        self.server.control("limits", {"expire_tokens": True})

    def touch(self, resource: Resource, key: str) -> None:
        name = self._name(resource)
        self.server.control(
            "edit", {"resource": name, "id": key, "set": told(self.habits.touches, name, "touches")}
        )

    def delete(self, resource: Resource, key: str) -> None:
        self.server.control("edit", {"resource": self._name(resource), "id": key, "delete": True})

    def give_nothing(self) -> None:
        match = {"operation": told(self.habits.operations, "read", "operations")}
        self.server.control("faults", {"match": match, "fault": {"kind": "empty_page"}, "times": None})

    def put_clock_back(self, seconds: float) -> None:
        self.server.control("clock", {"behind": seconds})

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        pairs = [[old.hex(), new.hex()] for old, new in replaced.items()]
        fault = {"kind": "replace", "pairs": pairs}
        self.server.control("faults", {"match": {}, "fault": fault, "times": None})

    def lack(self, resource: Resource, item: Field) -> Resource:
        return self._change_account(resource, lacks=[self.habits.field_name(item)])

    def retype(self, resource: Resource, item: Field) -> Resource:
        return self._change_account(resource, types={self.habits.field_name(item): self.habits.text_type})

    def _change_account(self, resource: Resource, **change: object) -> Resource:
        self.server.control("account", {"collection": self._name(resource), **change})
        return resource

    def reset(self) -> None:
        self.server.control("reset", {"to_kept": True})
        self._limit()

    def _limit(self) -> None:
        if self.habits.limits:
            self.server.control("limits", dict(self.habits.limits))
