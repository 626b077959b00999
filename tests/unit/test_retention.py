"""For how many nights what is kept, by the environment and the project."""

from pathlib import Path

import pytest

from concord.errors import ConfigurationError
from concord.retention import Retention, read_retention


def test_the_defaults_hold_where_nothing_is_said() -> None:
    assert read_retention() == Retention(landing=90, journal=400)


def test_the_environment_goes_before_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "concord.toml").write_text("[systems.shopify]\n[keep_nights]\nlanding = 30\nreports = 365\n")
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    assert read_retention() == Retention(landing=30, reports=365)
    monkeypatch.setenv("CONCORD_KEEP_NIGHTS", "landing=14, journal=800")
    assert read_retention() == Retention(landing=14, reports=365, journal=800)


@pytest.mark.parametrize("text", ["landing", "landing=6", "landing=-1", "batches=90", "landing=many"])
def test_what_cannot_be_meant_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_KEEP_NIGHTS", text)
    with pytest.raises(ConfigurationError, match="each at least 7 nights"):
        read_retention()
