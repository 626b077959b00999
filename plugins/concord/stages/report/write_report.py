"""Writes the report of a night: what agrees, what does not and why, what was written, what waits for a person."""

from pathlib import Path

from concord.reporting.page import render_html
from concord.reporting.queries import read_report
from concord.settings import Settings
from concord.store.engine import Database


def write_report(database: Database, settings: Settings, run_id: str | None = None) -> Path:
    """Write the page of one run, or of the newest one, and return its path.

    The same run replaces its page, and `latest.html` is always the page that was written last.
    """
    page = render_html(read_report(database, run_id))
    settings.reports.mkdir(parents=True, exist_ok=True)
    path = settings.reports / f"{_file_name(run_id)}.html"
    for target in {path, settings.reports / "latest.html"}:
        draft = target.with_suffix(".part")
        draft.write_text(page, encoding="utf-8")
        draft.replace(target)
    return path


def _file_name(run_id: str | None) -> str:
    if run_id is None:
        return "latest"
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in run_id)
