"""The page on which a person approves a plan: complete, short, and safe against markup in records."""

import pytest

from concord.stages.write_back.plan_page import render_plan
from tests.store.round_trip import RoundTrip

HOSTILE = "x | y `code` <script>alert(1)</script>\n\n# Heading [a](http://b) \u202e" + "z" * 500


@pytest.fixture
def known(trip: RoundTrip) -> RoundTrip:
    trip.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": None})
    trip.ingest()
    return trip


def lines_of(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("| ")]


def test_the_page_shows_counts_and_each_field_before_and_after(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", phone="+491", account_name="Name 2")
    page = render_plan(known.database, known.plan().plan_id)
    assert "## 1 change for `shopfront`" in page
    assert "| `accounts` | `update` | `phone` | 1 |" in page
    assert "| `phone` | *empty* | `+491` |" in page
    assert "`updated_at` is `2026-11-01T00:00:01+00:00`" in page


def test_hostile_values_stay_in_their_cell(known: RoundTrip) -> None:
    known.want("accounts", "E-1", "A-1", account_name=HOSTILE)
    page = render_plan(known.database, known.plan().plan_id)
    assert "\u202e" not in page
    rows = lines_of(page)
    assert len(rows) == 4
    assert {row.count("|") for row in rows[2:]} == {10}
    assert all(len(row) < 400 and row.count("`") % 2 == 0 for row in rows)


def test_a_long_plan_is_cut_and_says_so(known: RoundTrip) -> None:
    for number in range(60):
        known.want("accounts", f"E-{number}", None, account_name="New", concord_id=f"E-{number}")
    page = render_plan(known.database, known.plan().plan_id)
    assert "and 10 more" in page
    assert "| `accounts` | `create` | `concord_id` | 60 |" in page


def test_the_page_says_why_a_person_decides(known: RoundTrip) -> None:
    known.allow("*,*,*,0,,,")
    known.want("accounts", "E-1", "A-1", phone="+491")
    page = render_plan(known.database, known.plan().plan_id)
    assert "A person decides, because: 1 update of accounts are more than the 0" in page


def test_an_empty_plan_says_so(known: RoundTrip) -> None:
    assert "Nothing would be written." in render_plan(known.database, known.plan().plan_id)
