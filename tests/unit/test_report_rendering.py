"""The report's two forms: what they say, that they fit, and that the page needs nothing else."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from concord.reporting.model import (
    AgreementLine,
    BatchLine,
    DeadLetterLine,
    Gap,
    PlanLine,
    Report,
    Share,
)
from concord.reporting.needs import list_needs
from concord.reporting.page import render_html
from concord.reporting.terminal import render_terminal
from concord.reporting.words import say_age, say_bytes, say_share
from concord.wording import say_count, say_things

NOW = datetime(2026, 11, 21, 3, 4, tzinfo=UTC)
EMPTY = Report(run_id=None, made_at=NOW, since_at=NOW - timedelta(hours=24))
QUIET = replace(
    EMPTY,
    run_id="night",
    agreement=(
        AgreementLine(
            entity="customer",
            field="postal_code",
            left_system="shopify",
            right_system="tryton",
            before=Share(1000, 900),
            after=Share(1000, 999),
        ),
    ),
)
PLAN = PlanLine(
    plan_id="9f3ab2c4d5e6f708",
    system="tryton",
    purpose="write_back",
    state="planned",
    needs_approval=True,
    approval_reason="151 changes are many",
    approved_by=None,
    planned=151,
    confirmed=0,
    rejected=0,
    conflicted=0,
    unknown=0,
    held=0,
    verified=0,
    created_at=NOW,
)
BATCH = BatchLine(
    system="shopify",
    resource="customers",
    batches=1,
    refused=1,
    received=10,
    validated=8,
    quarantined=1,
    repeated=1,
    covered_until=NOW,
    refusal="no records came",
)
LETTER = DeadLetterLine(
    system="shopify",
    resource="customers",
    stage="validate",
    error_class="ContractViolationError",
    reason="email is <b>not</b> an address",
    count=2,
    oldest_at=NOW - timedelta(days=3),
)
BUSY = replace(
    QUIET,
    plans=(PLAN, replace(PLAN, state="applied", rejected=1, unknown=1, confirmed=149)),
    batches=(BATCH,),
    dead_letters=(LETTER,),
    gaps=(Gap(system="tryton", resource="sales", start=NOW - timedelta(days=2), end=NOW),),
    reviews=1,
)


def print_plain(report: Report) -> str:
    output = io.StringIO()
    Console(file=output, width=80).print(render_terminal(report))
    return output.getvalue()


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (None, "–"),
        (Share(0, 0), "–"),
        (Share(100_000, 99_999), "99.99 %"),
        (Share(3, 2), "66.66 %"),
        (Share(5, 5), "100 %"),
    ],
)
def test_a_share_is_never_rounded_up(share: Share | None, said: str) -> None:
    assert say_share(share) == said


def test_numbers_are_said_as_people_say_them() -> None:
    assert say_count(1234567) == "1\u202f234\u202f567"
    assert (say_things(1, "change"), say_things(2, "change")) == ("1 change", "2 changes")
    assert (say_bytes(12), say_bytes(2048), say_bytes(3 * 1024**3)) == ("12 B", "2.0 KiB", "3.0 GiB")
    assert [say_age(NOW - span, NOW) for span in (timedelta(0), timedelta(hours=5), timedelta(days=1))] == [
        "just now",
        "5 hours",
        "1 day",
    ]


def test_a_quiet_night_needs_nobody() -> None:
    assert list_needs(QUIET) == []
    assert "Nothing waits for you." in render_html(QUIET)
    assert "Nothing waits for a person." in print_plain(QUIET)


def test_a_night_that_was_never_measured_has_a_page() -> None:
    page = render_html(replace(QUIET, agreement=()))
    assert "not measured; reconcile did not get that far" in page
    assert "shared fields compared" not in page


def test_what_needs_a_person_comes_with_what_to_do() -> None:
    needs = list_needs(BUSY)
    assert [need.what.split(":")[0] for need in needs] == [
        "1 batch of shopify customers refused",
        "A plan of 151 changes for tryton waits for approval",
        "tryton",
        "2 dead letters wait for a decision.",
        "tryton sales was never read from 2026-11-19 03",
        "1 pair of customers may be one and the same.",
    ]
    assert all(need.action.endswith(".") for need in needs)
    assert (
        "./concord backfill --system tryton --resource sales --from 2026-11-19 --to 2026-11-21" in needs[4].action
    )


def test_a_plan_that_somebody_declined_is_told_and_one_that_a_newer_replaced_is_not() -> None:
    declined = replace(PLAN, state="declined", approved_by="ada", held=151)
    undo = replace(declined, purpose="undo")
    replaced = replace(declined, approved_by="a newer plan")
    needs = list_needs(replace(QUIET, plans=(declined, undo, replaced)))
    assert [need.what for need in needs] == [
        "A plan of 151 changes for tryton was declined by ada, so nothing of it was written."
    ] * 2
    assert needs[0].action.endswith("The next night plans anew.")
    assert needs[1].action.endswith("./concord undo plans them again.")


def test_the_terminal_says_up_to_when_all_was_read() -> None:
    late = replace(BATCH, resource="orders", covered_until=NOW - timedelta(days=3))
    never = replace(BATCH, resource="products", covered_until=None)
    assert f"All read up to {NOW:%Y-%m-%d %H:%M} UTC" in print_plain(replace(QUIET, batches=(BATCH,)))
    told = " ".join(print_plain(replace(QUIET, batches=(BATCH, late, never))).split())
    wanted = f"All read up to {NOW - timedelta(days=3):%Y-%m-%d %H:%M} UTC, the newest up to {NOW:%Y-%m-%d %H:%M}"
    assert f"{wanted}; 1 resource not yet" in told


def test_the_first_number_is_the_agreement() -> None:
    for text in (print_plain(QUIET), re.sub(r"<[^>]+>", "", render_html(QUIET).split("<body>")[1])):
        found = re.search(r"\d[\d.]*", text)
        assert found is not None
        assert found[0] == "99.90"


def test_records_without_an_account_are_shouted() -> None:
    wrong = replace(BUSY, batches=(replace(BATCH, validated=7),))
    assert not wrong.is_balanced
    assert "RECORDS ARE NOT ACCOUNTED FOR" in print_plain(wrong)
    assert "Records are not accounted for" in render_html(wrong)


@pytest.mark.parametrize("report", [EMPTY, QUIET, BUSY], ids=["empty", "quiet", "busy"])
def test_the_page_loads_nothing_and_runs_nothing(report: Report) -> None:
    page = render_html(report)
    assert page.startswith("<!doctype html>")
    assert re.findall(r"<script|<link rel=\"style|https?://|src=|@import|url\(", page) == []
    assert page.count("<table>") == page.count("</table>")


def test_values_are_escaped() -> None:
    page = render_html(BUSY)
    assert "email is &lt;b&gt;not&lt;/b&gt; an address" in page
    assert "<b>not</b>" not in page


@pytest.mark.parametrize("report", [EMPTY, QUIET, BUSY], ids=["empty", "quiet", "busy"])
def test_the_terminal_form_fits_80_columns(report: Report) -> None:
    lines = print_plain(report).splitlines()
    assert lines
    assert max(len(line) for line in lines) <= 80


@pytest.mark.parametrize(
    ("run_id", "confirmed", "said"),
    [
        ("scheduled__1", 0, "as found; this night has written nothing so far"),
        ("scheduled__1", 85, "as found; 85 changes were written since"),
        ("after_backfill__2026-11-01_2026-11-07_1__1", 0, "as found after a backfill, which fills the warehouse"),
        ("after_backfill__2026-11-01_2026-11-07_1__1", 3, "as found; 3 changes were written since"),
    ],
)
def test_before_the_second_measure_the_report_says_what_was_written(
    run_id: str, confirmed: int, said: str
) -> None:
    [line] = QUIET.agreement
    report = replace(
        QUIET,
        run_id=run_id,
        agreement=(replace(line, after=None),),
        plans=(replace(PLAN, state="applied", confirmed=confirmed),),
    )
    for shown in (print_plain(report), render_html(report)):
        assert said in re.sub(r"\s+", " ", shown)
        assert "nothing has been written back yet" not in shown
