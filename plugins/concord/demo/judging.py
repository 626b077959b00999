"""Reads the systems after a night and says how right it was."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import LiteralString

from rich.console import Console

from concord import registry
from concord.demo.breaks import BreakVerdict
from concord.demo.cash import check_cash
from concord.demo.host_files import HOST_RESOURCES, count_answers, judge_host_files
from concord.demo.letters import check_letters
from concord.demo.other_records import OTHERS
from concord.demo.places import ERP, Place
from concord.demo.records import SALESFORCE, SHOPIFY
from concord.demo.verdict import LEAST_AGREEMENT, Member, Verdict, judge
from concord.demo.wholesale import HOST, check_wholesale, judge_wholesale
from concord.errors import NetworkError
from concord.reporting.model import Report
from concord.reporting.words import say_share, say_things
from concord.store.engine import PLANNER, Database
from sandbox.world import World

RESOURCES: dict[str, tuple[str, ...]] = {
    "shopify": SHOPIFY,
    "salesforce": SALESFORCE,
    ERP: ("parties", "products", "sales"),
    HOST: HOST_RESOURCES,
    **{name: tuple(held for system, held in OTHERS if system == name) for name, _ in OTHERS},
}
SHOWN = 20
_UNJUDGED = "what was written there is not judged; demo/other_records.py does not say how its records read"
_IDENTITIES: LiteralString = "select golden_id, system, record_key from ops.identities where entity = 'customer'"


def check_night(world: World, places: Mapping[str, Place], database: Database) -> Verdict:
    """Hold what the systems say now, and the identities found, against the truth."""
    after = {}
    unread = []
    for name in RESOURCES.keys() & places.keys():
        place = places[name]
        try:
            after[name] = place.read(RESOURCES[name])
        except NetworkError:
            unread.append(name)
    codes = {str(party["id"]): str(party["code"]) for party in after.get(ERP, {}).get("parties", [])}
    verdict = judge(world, after, read_clusters(database, codes))
    judge_wholesale(world, verdict, after)
    judge_host_files(world, verdict, after)
    verdict.unread = unread
    verdict.unknown = list_unknown()
    verdict.cash = check_cash(world, places.keys(), database)
    verdict.wholesale = check_wholesale(world, places.keys(), database)
    verdict.letters = check_letters(world, places.keys(), database)
    return verdict


def list_unknown() -> list[str]:
    """The systems that are written to, and of which the judge cannot say what their records mean."""
    return [system.name for system in registry.written_systems() if system.name not in RESOURCES]


def read_clusters(database: Database, codes: Mapping[str, str]) -> list[list[Member]]:
    """The records judged to be the same customer; the truth knows a party by its code."""
    clusters: dict[str, list[Member]] = defaultdict(list)
    with database.transaction(PLANNER) as connection:
        for golden_id, system, key in connection.execute(_IDENTITIES):
            name = codes.get(str(key), str(key)) if system == ERP else str(key)
            clusters[str(golden_id)].append((str(system), name))
    return list(clusters.values())


def say_except(names: list[str]) -> str:
    """Those left out of a statement about all."""
    return f" but {', '.join(names)}" if names else ""


def say_verdict(verdict: Verdict, report: Report, console: Console, *, left: int | None) -> bool:
    """Print what was found; True when all of it is right. `left` is what a later night still planned to change."""
    share = report.after
    has_agreed = share is not None and share.compared > 0 and share.agreed >= LEAST_AGREEMENT * share.compared
    writes = ", ".join(f"{name} {count}" for name, count in sorted(verdict.writes.items())) or "none"
    console.print("\nHeld against the truth", style="bold")
    lines = (
        (has_agreed, f"agreement {say_share(share)} of at least {LEAST_AGREEMENT:.1%}"),
        (report.is_balanced, "the books of every batch and plan balance"),
        (
            not verdict.wrong,
            f"{say_things(len(verdict.wrong), 'wrong write')} at the systems (found written: {writes})",
        ),
        (not verdict.unread, f"every system could be looked at{say_except(verdict.unread)}"),
        *(() if left is None else [(left == 0, _say_left(left))]),
        (verdict.is_identity_right, f"identity: precision {verdict.precision:.4f}, recall {verdict.recall:.4f}"),
        (verdict.cash.is_right, _say_breaks("order to cash", "break", verdict.cash)),
        (verdict.wholesale.is_right, _say_breaks("wholesale orders", "break", verdict.wholesale)),
        (verdict.letters.is_right, _say_breaks("dead letters", "fault", verdict.letters)),
    )
    for is_right, text in lines:
        console.print(f"  {'✓' if is_right else '✗'} {text}", style="green" if is_right else "bold red")
    for name in verdict.unknown:
        console.print(f"  ? {name}: {_UNJUDGED}", style="yellow", markup=False)
    breaks = (verdict.cash, verdict.wholesale, verdict.letters)
    for wrong in [*verdict.wrong, *chain.from_iterable(map(_wrong_breaks, breaks))][:SHOWN]:
        console.print(f"    {wrong}", markup=False)
    return all(is_right for is_right, _ in lines)


def count_left(report: Report, database: Database) -> int:
    """What a night planned, but for its answers to the host: those tell of what the night before created."""
    planned = sum(plan.planned for plan in report.plans)
    return planned - count_answers(database, [plan.plan_id for plan in report.plans])


def _say_left(left: int) -> str:
    return f"{say_things(left, 'change')} planned, answers to the host aside"


def _say_breaks(what: str, kind: str, breaks: BreakVerdict) -> str:
    found = breaks.planted - len(breaks.missed)
    return f"{what}: {found} of {breaks.planted} planted {kind}s found, {len(breaks.invented)} invented"


def _wrong_breaks(breaks: BreakVerdict) -> Iterator[str]:
    """Words for each break that is one too few or one too many."""
    for what, items in (("not found", breaks.missed), ("not planted", breaks.invented)):
        for entity, number, cause in items:
            yield f"{entity.replace('_', ' ')} {number}, {cause.replace('_', ' ')}: {what}"
