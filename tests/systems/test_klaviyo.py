"""Klaviyo's peculiarities: consent is never widened, jobs have an error for each record, limits by endpoint."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from concord.contract import Change, End, Outcome, Resource, Window
from concord.protocols.session.retries import RetryLimits
from concord.protocols.values import Record, value_at
from concord.systems.klaviyo.profiles import KlaviyoProfiles
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.open_benches import FindBench
from concord.testing.sandbox_desk import SandboxDesk

OUT = {"email_consent": "UNSUBSCRIBED"}


class Tool:
    """The marketing tool, what it says of its profiles, and changes to them."""

    def __init__(self, bench: Bench) -> None:
        assert isinstance(bench.desk, SandboxDesk)
        self.bench, self.server, self.session = bench, bench.desk.server, bench.session()
        self.profiles: Resource = bench.system.resource("profiles")

    def read(self) -> Mapping[str, Record]:
        return by_key(self.profiles, read_all(self.session, self.profiles))

    def consent(self, record: Record) -> object:
        return value_at(record, self.profiles.field("email_consent"))

    def subscribed(self, count: int) -> list[str]:
        keys = [key for key, record in self.read().items() if self.consent(record) == "SUBSCRIBED"]
        return keys[:count]

    def change(self, key: str, after: Mapping[str, object]) -> Change:
        stamp = {"updated_at": value_at(self.read()[key], self.profiles.field("updated_at"))}
        return Change(f"change-{key}", key, "update", {}, after, stamp)

    def write(self, *changes: Change, polls: int = 5) -> list[Outcome]:
        assert self.profiles.writes is not None
        writer = self.profiles.writes.writer
        assert isinstance(writer, KlaviyoProfiles)
        outcomes = replace(writer, polls=polls).write(self.session, self.profiles, changes)
        order = [change.change_id for change in changes]
        return sorted(outcomes, key=lambda outcome: order.index(outcome.change_id))

    def attempts(self) -> dict[str, int]:
        return dict(self.server.control("counts")["attempts"])

    def edit(self, key: str, **values: Any) -> None:
        self.server.control("edit", {"resource": "profiles", "id": key, "set": values})

    def fault(self, kind: str, operation: str) -> None:
        self.server.control("faults", {"match": {"operation": operation}, "fault": {"kind": kind}, "times": 1})


@pytest.fixture
def tool(bench: FindBench) -> Tool:
    return Tool(bench("klaviyo"))


def told_of(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record["attributes"].items() if name != "updated"}


def test_consent_and_suppression_are_two_facts(tool: Tool) -> None:
    channels = [record["attributes"]["subscriptions"]["email"]["marketing"] for record in tool.read().values()]
    assert {channel["consent"] for channel in channels} == {"SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"}
    assert all(channel["can_receive_email_marketing"] is not bool(channel["suppression"]) for channel in channels)


def test_an_opt_out_is_read_even_where_it_does_not_move_the_stamp(tool: Tool) -> None:
    # The profile that was changed longest ago: a stamp of this very second would lie in the window itself.
    key = min(tool.subscribed(20), key=lambda name: str(tool.read()[name]["attributes"]["updated"]))
    since = datetime.now(UTC) - timedelta(seconds=1)
    tool.edit(key, consent="UNSUBSCRIBED", moves_stamp=False)
    tonight = by_key(
        tool.profiles, read_all(tool.session, tool.profiles, Window(since, since + timedelta(days=1)))
    )
    assert tool.consent(tonight[key]) == "UNSUBSCRIBED"
    assert datetime.fromisoformat(tonight[key]["attributes"]["updated"]) < since


@pytest.mark.parametrize("wanted", ["SUBSCRIBED", "NEVER_SUBSCRIBED", None])
def test_consent_is_never_widened(tool: Tool, wanted: str | None) -> None:
    (key,) = tool.subscribed(1)
    tool.edit(key, consent="UNSUBSCRIBED")
    change = tool.change(key, {"email_consent": wanted, "city": "Ulm"})
    before = tool.read()
    (outcome,) = tool.write(change)
    assert outcome.end is End.REJECTED
    assert "only ever taken back" in outcome.message
    assert tool.read() == before
    assert not {"subscribe_job", "unsubscribe_job", "import_job"} & tool.attempts().keys()


def test_a_new_profile_cannot_be_born_with_consent(tool: Tool) -> None:
    born = {"external_id": "P7001", "email": "born@example.com"}
    willing, plain = (
        Change("1", None, "create", {}, {**born, "email_consent": "SUBSCRIBED"}, {}),
        Change("2", None, "create", {}, born, {}),
    )
    outcomes = tool.write(willing, plain)
    assert [item.end for item in outcomes] == [End.REJECTED, End.CONFIRMED]
    assert tool.consent(tool.read()[str(outcomes[1].key)]) == "NEVER_SUBSCRIBED"


def test_taking_back_consent_touches_the_profiles_given_and_nobody_else(tool: Tool) -> None:
    leaving, others_on_list = (keys := tool.subscribed(8))[:3], keys[3:5]
    for key in (leaving[0], *others_on_list):
        tool.edit(key, lists=["LIST01"])
    before = tool.read()
    outcomes = tool.write(*(tool.change(key, OUT) for key in leaving))
    after = tool.read()
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 3
    assert {key for key in before if after[key] != before[key]} == set(leaving)
    assert all(tool.consent(after[key]) == "UNSUBSCRIBED" for key in leaving)
    effects = [item for item in tool.server.control("effects") if item["operation"] != "edit"]
    assert {(item["operation"], item["id"]) for item in effects} == {
        ("unsubscribe:profiles", key) for key in leaving
    }


def test_the_form_with_a_list_would_touch_others(tool: Tool) -> None:
    (leaving,) = tool.subscribed(1)
    before = {key: tool.consent(record) for key, record in tool.read().items()}
    person = {"type": "profile", "attributes": {"email": tool.read()[leaving]["attributes"]["email"]}}
    about = {"attributes": {"profiles": {"data": [person]}}}
    on_list = {"relationships": {"list": {"data": {"type": "list", "id": "NOBODY"}}}}
    body = {"data": {"type": "profile-subscription-bulk-delete-job", **about, **on_list}}
    tool.session.send("POST", "/api/profile-subscription-bulk-delete-jobs", body=body)
    assert {tool.consent(record) for record in tool.read().values()} == {"UNSUBSCRIBED"}
    for key, consent in before.items():
        tool.edit(key, consent=consent)


def test_a_change_of_more_than_consent_arrives_whole(tool: Tool) -> None:
    (key,) = tool.subscribed(1)
    before = tool.read()[key]
    (outcome,) = tool.write(tool.change(key, {**OUT, "city": "Ulm"}))
    after = tool.read()[key]
    assert (outcome.end, outcome.key) == (End.CONFIRMED, key)
    assert (tool.consent(after), after["attributes"]["location"]["city"]) == ("UNSUBSCRIBED", "Ulm")
    kept = {name: value for name, value in before["attributes"]["location"].items() if name != "city"}
    assert kept.items() <= after["attributes"]["location"].items()


def test_a_value_that_is_refused_does_not_keep_consent_from_being_taken_back(tool: Tool) -> None:
    (key,) = tool.subscribed(1)
    (outcome,) = tool.write(tool.change(key, {**OUT, "phone": "call us"}))
    assert outcome.end is End.REJECTED
    assert tool.consent(tool.read()[key]) == "UNSUBSCRIBED"


@pytest.mark.parametrize(("kind", "is_done"), [("cut_after", True), ("cut_before", False), ("ignore", False)])
def test_an_opt_out_nobody_saw_happen_is_of_unknown_outcome(tool: Tool, kind: str, is_done: bool) -> None:
    (key,) = tool.subscribed(1)
    change = tool.change(key, OUT)
    tool.fault(kind, "unsubscribe_job")
    (outcome,) = tool.write(change, polls=2)
    assert (outcome.end, outcome.key) == (End.UNKNOWN, key)
    assert (tool.consent(tool.read()[key]) == "UNSUBSCRIBED") is is_done
    assert tool.attempts()["unsubscribe_job"] == 1


def test_an_import_tells_each_record_its_own_fault_over_many_pages(tool: Tool) -> None:
    keys = [*tool.read()][:60]
    changes = [Change(f"c-{key}", key, "update", {}, values_of(at), {}) for at, key in enumerate(keys)]
    outcomes = tool.write(*changes)
    ends = [End.REJECTED if place % 2 else End.CONFIRMED for place in range(60)]
    assert [item.end for item in outcomes] == ends
    assert all("phone" in item.message for item in outcomes if item.end is End.REJECTED)
    assert tool.attempts()["import_job"] == 1
    assert tool.attempts()["job_errors"] == 2


def values_of(place: int) -> dict[str, object]:
    return {"phone": "12"} if place % 2 else {"first_name": f"Erika {place}"}


def test_a_job_that_does_not_end_is_of_unknown_outcome(tool: Tool) -> None:
    key = next(iter(tool.read()))
    tool.server.control("limits", {"job_polls": 50})
    (outcome,) = tool.write(tool.change(key, {"first_name": "Later"}), polls=3)
    assert (outcome.end, outcome.key) == (End.UNKNOWN, key)
    assert tool.attempts()["job"] == 3


def test_a_value_that_is_cleared_is_gone_and_others_stay(tool: Tool) -> None:
    key = next(key for key, record in tool.read().items() if record["attributes"]["phone_number"])
    before = told_of(tool.read()[key])
    (outcome,) = tool.write(tool.change(key, {"phone": None}))
    assert outcome.end is End.CONFIRMED
    assert told_of(tool.read()[key]) == {**before, "phone_number": None}


def test_a_limit_of_calls_is_waited_for_as_long_as_it_says(tool: Tool) -> None:
    tool.server.control("limits", {"share": 0.04})
    session = tool.bench.session(retry_limits=RetryLimits(first_wait=0.01, longest_wait=1.1, read_seconds=20))
    found = read_all(session, tool.profiles, size=25)
    assert len(found) == tool.bench.desk.count(tool.profiles)
    assert tool.server.control("counts")["statuses"]["429"] >= 1
    assert session.statistics.waited_seconds >= 0.9
