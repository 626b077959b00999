"""The help desk in miniature, with a token that does not end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from concord.contract import Resource
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing import Bench, Facts, Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.registry import find_vendors
from sandbox.world import World

HABITS = Habits(
    operations={"read": "^list:", "write": "^update:", "create": "^create:"},
    touches={"tickets": {"state": "waiting"}, "requesters": {"phone": "+493012345678"}},
)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("deskly", folder, world.of("deskly"))
    server = start("deskly", folder)
    connection = Connection("deskly_default", server.url, *find_vendors()["deskly"].client)
    yield Bench(system("deskly"), connection, SandboxDesk(server, HABITS))
    server.stop()


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    return {
        "requester_source_id": "70001",
        "external_id": f"NEW-{number}",
        "subject": f"Question {number}",
        "priority": 2,
    }


FACTS = Facts(
    open=open_bench,
    first="tickets",
    good={
        "tickets": {"priority": 4},
        "requesters": {"requester_name": "Ada King", "email": "ada@king.example", "phone": "+4930987654"},
    },
    bad={"tickets": {"priority": 9}, "requesters": {"email": "nobody"}},
    broken={"tickets": {"priority": 9}},
    new_record=new_record,
    unnamed={
        "tickets": {"tags": "returns", "assignee": "Kim"},
        "requesters": {"language": "de", "notes": "Calls on Mondays"},
    },
    moves=frozenset({"changed"}),
    skips={
        "a_merge_is_seen": "tickets are not merged in this help desk",
        "a_login_that_ended_is_renewed_once": "a token has no end; a withdrawn one is replaced by a person",
    },
)
