"""The carrier; the bench supplies the worklist, because no shop runs beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from concord.contract import System, Worklist
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.facts import Facts
from concord.testing.sandbox_desk import Habits, SandboxDesk
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.fedex.vendor import FedEx
from sandbox.world import World

HABITS = Habits(
    operations={"read": "^track"},
    collections={"references": "tracking"},
    login="/oauth/token",
    touches={"tracking": {"serviceDetail": {"type": "FEDEX_EXPRESS_SAVER"}}},
    limits={"most_logins": 1_000},
)


def items_of(world: World) -> tuple[dict[str, str], ...]:
    """All parcels of the world, by their number and the day they left."""
    results = [record["result"] for record in world.records("fedex", "tracking")]
    shipped = [next(date for date in item["dateAndTimes"] if date["type"] == "SHIP") for item in results]
    numbers = [item["trackingNumberInfo"]["trackingNumber"] for item in results]
    return tuple(
        {"number": number, "shipped_from": date["dateTime"][:10], "shipped_until": date["dateTime"][:10]}
        for number, date in zip(numbers, shipped, strict=True)
    )


def references_of(world: World) -> tuple[dict[str, str], ...]:
    """The names of all orders that left, which their parcels carry as a reference."""
    results = [record["result"] for record in world.records("fedex", "tracking")]
    found = [item["additionalTrackingInfo"]["packageIdentifiers"][0]["values"][0] for item in results]
    return tuple({"reference": name} for name in found)


def with_worklist(world: World) -> System:
    """The system, asked for every parcel of the world, by number and by reference."""
    found = system("fedex")
    lists = {"tracking": items_of(world), "references": references_of(world)}
    resources = [replace(found.resource(name), changes=written_out(items)) for name, items in lists.items()]
    return replace(found, resources=tuple(resources))


def written_out(items: tuple[dict[str, str], ...]) -> Worklist:
    """A worklist whose query says what is in it."""
    rows = [", ".join(f"'{value}'" for value in item.values()) for item in items]
    values = ", ".join(f"({row})" for row in rows)
    return Worklist(f"select * from (values {values}) as parcels ({', '.join(items[0])})", items)


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    load("fedex", folder, world.of("fedex"))
    server = start("fedex", folder)
    connection = Connection("fedex_default", server.url, "sandbox-client", "sandbox-secret", FedEx.extra)
    yield Bench(
        with_worklist(world),
        connection,
        SandboxDesk(server, HABITS),
    )
    server.stop()


FACTS = Facts(
    open=open_bench,
    first="tracking",
    empty_at_first={
        ("tracking", "error_code"): "every parcel that is asked for is known",
        ("tracking", "error_message"): "every parcel that is asked for is known",
    },
    whole_lists={
        ("tracking", "status_details"): "a result holds all of them",
        ("tracking", "scans"): "detailed scans are asked for, and a result holds all of them",
        ("references", "parcels"): "the reader asks page by page until all parcels of a reference came",
    },
    unmarked={"references": "the reader makes its records; what they hold is that of the parcels"},
    skips={
        "many_records_of_another_shape_are_refused": (
            "what is not known of a parcel is no key, so that it is asked for again"
        ),
        "an_unreadable_record_deletes_none_that_is_held": (
            "it is asked by number, and a parcel it does not answer for stays as it was read"
        ),
        "a_record_that_vanishes_while_a_list_is_paged_takes_no_other_with_it": (
            "it has no list: it is asked for thirty numbers at a time, and must speak of each"
        ),
        "a_record_that_was_deleted_is_marked_the_next_night": (
            "a parcel is never deleted; FedEx forgets it after months"
        ),
        "an_empty_listing_from_the_beginning_is_refused_or_made_up_for_key_by_key": (
            "it has no list: a number of which it says nothing is an error of its reader"
        ),
        "a_change_by_a_clock_that_is_behind_is_read_the_next_night": ("it is asked by number and never by time"),
        "a_stamp_in_the_future_is_read_and_orders_no_versions": ("it is asked by number and never by time"),
        "a_merge_is_seen": "parcels cannot be merged",
        "a_page_mark_that_comes_again_stops_the_reading": "there are no pages, only questions of thirty numbers",
        "a_deletion_is_seen": "nothing is deleted; a number that is not known any more is answered with an error",
    },
)
