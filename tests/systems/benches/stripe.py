"""The payment provider, with orders enough that some were refunded; its events reach back to the beginning."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.stripe.vendor import KEY
from sandbox.world import World

EVENT_DAYS = 3650
HABITS = Habits(
    operations={"read": r"^customers\.list$", "write": r"^customers\.update$"},
    touches={"customers": {"description": "called today"}},
    limits={"event_days": EVENT_DAYS, "per_second": 0},
)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("stripe", folder, World(replace(world.settings, orders=max(1000, world.settings.orders))).of("stripe"))
    server = start("stripe", folder)
    connection = Connection("stripe_default", server.url, "", KEY, {"event_days": EVENT_DAYS})
    yield Bench(system("stripe"), connection, SandboxDesk(server, HABITS))
    server.stop()


FACTS = Facts(
    open=open_bench,
    first="customers",
    good={"customers": {"concord_id": "CUS-1", "phone": "+493012345678", "city": "Potsdam"}},
    every={
        "customers": {
            "customer_name": "Erika Nordlicht",
            "email": "another@example.org",
            "street": "Am Kanal 1",
            "postal_code": "14467",
            "country_code": "CH",
        }
    },
    bad={"customers": {"email": "nobody at nowhere"}},
    few={"payouts": 10},
    empty_at_first={
        ("customers", "concord_id"): "we are the ones to write it",
        ("charges", "failure_code"): "no payment of the world failed",
        ("payouts", "failure_code"): "no payout of the world came back",
        ("balance_transactions", "exchange_rate"): "nothing of the world is settled in another currency",
    },
    settles_lost_writes=True,
    unnamed={
        "customers": {
            "address.line2": "Hinterhaus",
            "address.state": "Brandenburg",
            "description": "by telephone",
            "invoice_settings": {"footer": "Thank you", "custom_fields": [{"name": "Order", "value": "4711"}]},
            "metadata.level": "gold",
            "preferred_locales": ["de", "en"],
            "shipping": {"name": "Erika", "phone": "+4930111", "address": {"city": "Ulm", "line2": "2nd floor"}},
            "tax_exempt": "reverse",
        }
    },
    skips={
        "a_merge_is_seen": "customers cannot be merged here",
        "a_login_that_ended_is_renewed_once": "a key does not expire; a person replaces one that was withdrawn",
    },
)
