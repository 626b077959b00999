"""A real Tryton with a small world in it, and Tryton's own client."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.vendors.tryton import server as tryton
from sandbox.world import World, generate
from sandbox.world.__main__ import write_world

# The environment and the empty company are made once and kept, as in any installation.
STATE = Path(__file__).parents[2] / ".concord"
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Rpc:
    """Tryton's JSON-RPC in its plainest form."""

    server: tryton.Instance
    context: dict[str, Any] = field(default_factory=lambda: {"company": 1, "active_test": False})
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, method: str, *parameters: Any) -> requests.Response:
        question = {"id": 1, "method": method, "params": list(parameters)}
        return self.session.post(f"{self.server.url}/{self.server.database}/rpc/", json=question, timeout=60)

    def login(self, password: str | None = None) -> requests.Response:
        secret = {"password": self.server.password if password is None else password}
        answer = self.post("common.db.login", self.server.user, secret, "en")
        if answer.ok:
            user, token, *_ = answer.json()["result"]
            key = base64.b64encode(f"{self.server.user}:{user}:{token}".encode()).decode()
            self.session.headers["Authorization"] = f"Session {key}"
        return answer

    def ask(self, model: str, method: str, *parameters: Any, **context: Any) -> dict[str, Any]:
        """The whole answer: `result` or `error`."""
        answer = self.post(f"model.{model}.{method}", *parameters, {**self.context, **context})
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def __call__(self, model: str, method: str, *parameters: Any, **context: Any) -> Any:
        content = self.ask(model, method, *parameters, **context)
        assert "error" not in content, content["error"][:1]
        return content["result"]

    def find(self, model: str, domain: list[Any], *fields: str, **context: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self(
            model, "search_read", domain, 0, None, [["id", "ASC"]], fields, **context
        )
        return found


@pytest.fixture(scope="module")
def small_world() -> World:
    return generate(7, as_of=AS_OF, customers=60, products=30, orders=80)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, small_world: World) -> tryton.Instance:
    """A database with the small world loaded, no server on it."""
    folder = tmp_path_factory.mktemp("tryton")
    write_world(small_world, folder / "world", systems=("tryton",))
    made = tryton.create(STATE, folder / "erp")
    tryton.load(made, folder / "world" / "tryton")
    return made


@pytest.fixture(scope="module")
def erp(instance: tryton.Instance) -> Iterator[tryton.Instance]:
    """The same with a server running."""
    running = tryton.start(instance)
    yield instance
    tryton.stop(running)


@pytest.fixture
def rpc(erp: tryton.Instance) -> Iterator[Rpc]:
    """A client that has logged in."""
    client = Rpc(erp)
    client.login().raise_for_status()
    with client.session:
        yield client
