"""The CRM of the bench with its control desk, for tests of what only it does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from concord.contract import Resource
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.testing.bench import RETRY_LIMITS, Bench
from concord.testing.sandbox_desk import SandboxDesk

FindBench = Callable[[str], Bench]


@dataclass
class Crm:
    """The CRM with its control desk, and sessions of which the limits are low."""

    bench: Bench

    def session(self, **extra: str) -> HttpSession:
        connection = replace(self.bench.connection, extra={"bulk_polls": "4", **extra})
        return HttpSession(
            connection, self.bench.new_auth(), SessionSettings(self.bench.system.rules, RETRY_LIMITS)
        )

    def bulk_session(self) -> HttpSession:
        return self.session(bulk_read_above="20", bulk_page_rows="50")

    def resource(self, name: str) -> Resource:
        return self.bench.system.resource(name)

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        assert isinstance(self.bench.desk, SandboxDesk)
        return self.bench.desk.server.control(path, *([] if body is None else [body]))

    def limit(self, **limits: object) -> None:
        self.control("limits", {f"bulk_{name}": value for name, value in limits.items()})

    def calls(self, operation: str) -> int:
        return int(self.control("counts")["attempts"].get(operation, 0))

    def jobs_left(self, kind: str) -> int:
        """Jobs that nobody has cleared away."""
        listed = self.session().send("GET", f"/services/data/v67.0/jobs/{kind}")
        return listed.count(b'"jobType"')


@pytest.fixture
def crm(bench: FindBench) -> Crm:
    found = Crm(bench("salesforce"))
    found.control("reset", {})
    return found
