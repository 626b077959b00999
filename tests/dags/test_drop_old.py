"""The task drop_old of the report says what it dropped."""

import os
import time
from pathlib import Path

import pytest

from concord.orchestration import reporting


def test_it_says_what_it_dropped(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", database)
    monkeypatch.setenv("CONCORD_REPORTS", str(tmp_path))
    monkeypatch.setenv("CONCORD_KEEP_NIGHTS", "reports=30")
    assert reporting.drop_old() == "nothing is older than it is kept"
    page = tmp_path / "night.html"
    page.write_text("")
    os.utime(page, (time.time() - 31 * 86_400,) * 2)
    assert reporting.drop_old() == "night.html"
