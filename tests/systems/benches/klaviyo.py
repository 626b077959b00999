"""The marketing tool, with an account that may make more calls a minute than the suite makes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from concord.contract import Resource
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.klaviyo.vendor import Klaviyo
from sandbox.world import World

HABITS = Habits(
    operations={"read": "^list:", "write": "^(import_job|update:profiles)$", "create": "^import_job$"},
    touches={"profiles": {"title": "Head of everything"}},
    limits={"share": 1_000},
)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("klaviyo", folder, world.of("klaviyo"))
    server = start("klaviyo", folder)
    connection = Connection("klaviyo_default", server.url, *Klaviyo.client)
    yield Bench(
        system("klaviyo"),
        connection,
        SandboxDesk(server, HABITS),
    )
    server.stop()


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    profile = {"external_id": f"P9{number}", "email": f"new{number}@example.com"}
    person = {"first_name": "Erika", "last_name": f"New {number}", "company_name": "Nordlicht"}
    return {**profile, **person, **PLACE, "phone": f"+4930123456{number}"}


PLACE = {"street": "Am Kanal 1", "city": "Potsdam", "postal_code": "14467", "country_name": "Switzerland"}

FACTS = Facts(
    open=open_bench,
    first="profiles",
    good={"profiles": {"first_name": "Erika", "city": "Potsdam", "company_name": "Werk"}},
    every={
        "profiles": {
            **PLACE,
            "phone": "+493012345678",
            "last_name": "Nordlicht",
            "external_id": "P99999",
            "email": "another@example.org",
            "company_name": "Nordlicht",
        }
    },
    apart={("profiles", "email_consent"): "consent is only ever taken back, which is a test of its own"},
    bad={"profiles": {"phone": "(030) 123"}},
    broken={"profiles": {"email": "nobody at nowhere"}},
    new_record=new_record,
    unnamed={
        "profiles": {
            "attributes.locale": "de-DE",
            "attributes.title": "Head of purchasing",
            "attributes.image": "https://example.com/erika.png",
            "attributes.location.address2": "Hinterhaus",
            "attributes.location.region": "Brandenburg",
            "attributes.location.timezone": "Europe/Berlin",
            "attributes.location.latitude": 52.4,
            "attributes.properties": {"level": "gold", "stores": ["Berlin", "Potsdam"]},
        }
    },
    moves=frozenset({"updated"}),
    whole_lists={("profiles", "suppressions"): "a profile holds all of them"},
    skips={
        "a_merge_is_seen": "of two profiles made one, it tells that one is gone and the other has changed",
        "a_login_that_ended_is_renewed_once": (
            "a private key has no end, and one that was withdrawn is replaced by a person"
        ),
    },
)
