"""Texts of vendors that look like markup or act on a terminal are shown by every view as they are."""

import json
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from concord.cli.main import app
from concord.stages.write_back.plan_page import render_plan
from concord.store.engine import Database

HOSTILE = (
    "[/Name] [bold]b[/bold] [link=javascript:alert(1)]l[/link] :smile: \x1b[2J\x1b]0;t\x07 a\rb "
    "\u202egnp.exe\u2066 <script>alert(1)</script> <img src=x onerror=alert(1)> {{ var.value.x }} "
    "{% raw %} ${x} $(x) `id` %s {0} | \\ '; DROP TABLE ops.plans; -- =1+1"
)
VIEWS = [
    ("dead-letters", "list"),
    ("dead-letters", "list", "--all", "--system", "shopify"),
    ("dead-letters", "show", "dddd4444"),
    ("plan", "list"),
    ("plan", "show", "aaaa1111"),
    ("trace", "shopify", HOSTILE),
    ("report",),
    ("report", "--html"),
    ("systems",),
    ("systems", "--map"),
]


@pytest.fixture
def warehouse(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A warehouse in which whatever a vendor or a file says is hostile."""
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", database)
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    values = {"text": HOSTILE, "values": Jsonb({HOSTILE[:60]: HOSTILE}), "detail": Jsonb({"message": HOSTILE})}
    with psycopg.connect(database) as connection:
        for statement in STATEMENTS:
            connection.execute(statement, values)
    return database


STATEMENTS = (
    """insert into ops.plans (plan_id, system, purpose, run_id, state, needs_approval, approval_reason, planned)
    values ('aaaa1111', 'shopify', 'write_back', 'night', 'planned', true, %(text)s, 1)""",
    """insert into ops.changes (change_id, plan_id, sequence, resource, entity_id, record_key, action, before,
        after, guard, reason, message)
    values ('c1', 'aaaa1111', 1, 'customers', %(text)s, %(text)s, 'update', %(values)s, %(values)s, %(values)s,
        %(text)s, %(text)s)""",
    """insert into ops.journal (change_id, event, attempt, detail) values ('c1', 'sent', 1, %(detail)s)""",
    """insert into ops.dead_letters (dead_letter_id, stage, system, resource, record_key, error_class, message,
        payload)
    values ('dddd4444', 'validate', 'shopify', 'customers', %(text)s,
        'ContractViolationError', %(text)s, %(text)s)""",
)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: " ".join(view)[:30])
def test_a_view_shows_hostile_texts_and_none_of_them_acts(warehouse: str, view: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, list(view))
    assert (result.exit_code, result.exception) == (0, None)
    assert all(letter in "\n\t" or letter.isprintable() for letter in result.output)
    if view[0] in ("dead-letters", "trace") or view == ("plan", "show", "aaaa1111"):
        assert "[/Name] [bold]b[/bold]" in result.output
        assert "␛[2J" in result.output


def test_the_page_of_the_report_has_hostile_texts_as_text_alone(warehouse: str) -> None:
    page = Path(CliRunner().invoke(app, ["report", "--html"]).output.strip()).read_text(encoding="utf-8")
    assert "[/Name]" in page
    assert "<script" not in page
    assert "<img" not in page
    assert all(
        letter in "\n\t" or letter.isprintable() for letter in page.replace("\u202f", " ").replace("\xa0", " ")
    )


def test_the_page_of_a_plan_has_hostile_texts_as_text_alone(warehouse: str) -> None:
    page = render_plan(Database(warehouse), "aaaa1111")
    assert page.count("[/Name]") >= 3
    assert all(letter == "\n" or letter.isprintable() for letter in page)
    assert "\\<script\\>" in page
    assert json.dumps(HOSTILE) not in page
