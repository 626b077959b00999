"""A system for which the project says `write_back = "plan"` is not written to; its plans are shown."""

from pathlib import Path

import pytest

from concord.errors import ConcordError
from concord.stages.write_back.approve import POLICY, approve, decline_unapplied
from tests.store.round_trip import RoundTrip

TEXT = '[systems.shopfront]\nwrite_back = "{}"\n[systems.other]\n'


@pytest.fixture
def wanted(trip: RoundTrip) -> RoundTrip:
    """A record whose name is to be another one."""
    trip.vendor.put("accounts", "A-1", {"name": "Old"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", account_name="New")
    return trip


def test_a_plan_is_made_and_shown_and_nobody_can_apply_it_until_the_project_says_so(
    wanted: RoundTrip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "project" / "concord.toml"
    file.parent.mkdir()
    file.write_text(TEXT.format("plan"))
    monkeypatch.setenv("CONCORD_PROJECT", str(file.parent))
    shown = wanted.plan()
    assert decline_unapplied(wanted.database, wanted.system, shown.plan_id)
    ((_, _, _, _, after, state),) = wanted.changes(shown.plan_id)
    assert (after, state) == ({"account_name": "New"}, "held")
    for someone in (POLICY, "a person"):
        with pytest.raises(ConcordError, match="is declined"):
            approve(wanted.database, shown.plan_id, someone)
    with pytest.raises(ConcordError):
        wanted.apply(shown.plan_id)
    assert wanted.vendor.records["accounts"]["A-1"]["name"] == "Old"
    file.write_text(TEXT.format("apply"))
    assert not decline_unapplied(wanted.database, wanted.system, shown.plan_id)
    assert wanted.write_back("night 2").confirmed == 1
    assert wanted.vendor.records["accounts"]["A-1"]["name"] == "New"
