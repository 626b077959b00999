"""Many changes of the CRM go by one ingest job: one outcome each, and nothing is ever written twice."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from concord.contract import Change, End, Outcome, Resource
from concord.errors import ServerError
from concord.installed import PRODUCT
from concord.protocols.values import value_at
from concord.testing.bench import by_key, read_all
from tests.systems.crm import Crm, crm

__all__ = ["crm"]
COUNT = 24
JOBS = "/services/data/v67.0/jobs/ingest"
Values = Mapping[str, object]


def updates(crm: Crm, after: Values, *, name: str = "accounts", count: int = COUNT) -> list[Change]:
    """Updates of live records, as a plan would make them."""
    resource = crm.resource(name)
    fields = [resource.field(item) for item in after]
    made = []
    for key, record in by_key(resource, read_all(crm.session(), resource)).items():
        if not record["IsDeleted"]:
            before = {item.name: value_at(record, item) for item in fields}
            made.append(
                Change(f"change-{key}", key, "update", before, after, {"updated_at": record["SystemModstamp"]})
            )
    assert len(made) >= count
    return made[:count]


def creates(count: int, mark: str) -> list[Change]:
    return [
        Change(
            f"create-{mark}-{n}",
            None,
            "create",
            {},
            {"account_name": f"{mark} {n}", "concord_id": f"{mark}-{n}"},
            {},
        )
        for n in range(count)
    ]


def write(crm: Crm, changes: Sequence[Change], *, name: str = "accounts", **extra: str) -> list[Outcome]:
    resource = crm.resource(name)
    assert resource.writes is not None
    session = crm.session(**{"bulk_write_above": "10", **extra})
    found = {item.change_id: item for item in resource.writes.writer.write(session, resource, changes)}
    assert len(found) == len(changes)
    return [found[change.change_id] for change in changes]


def effects(crm: Crm, keys: Sequence[str | None]) -> list[int]:
    records = crm.control("counts")["records"]
    return [records.get(f"Account/{key}", {}).get("effects", 0) for key in keys]


def keys_of(changes: Sequence[Change]) -> list[str | None]:
    return [change.key for change in changes]


def says(crm: Crm, name: str = "accounts") -> dict[str, dict[str, object]]:
    resource: Resource = crm.resource(name)
    records = by_key(resource, read_all(crm.session(), resource))
    return {
        key: {item.name: value_at(record, item) for item in resource.fields} for key, record in records.items()
    }


def plant(crm: Crm, kind: str, operation: str, **fault: Any) -> None:
    crm.control("faults", {"match": {"operation": operation}, "fault": {"kind": kind, **fault}, "times": 1})


def test_many_changes_go_by_one_job_and_arrive_as_they_are_meant(crm: Crm) -> None:
    odd = 'A "quoted", ^carets^\nand a second line, Größe'
    changes = updates(crm, {"street": odd, "city": None, "country_name": "CH"})
    outcomes = write(crm, changes)
    assert [item.end for item in outcomes] == [End.CONFIRMED] * COUNT
    assert [item.key for item in outcomes] == keys_of(changes)
    now = says(crm)
    assert {(now[str(key)]["street"], now[str(key)]["city"]) for key in keys_of(changes)} == {(odd, None)}
    assert (effects(crm, keys_of(changes)), crm.calls("bulk_ingest")) == ([1] * COUNT, 1)
    assert crm.jobs_left("ingest") == 0


def test_few_changes_need_no_job(crm: Crm) -> None:
    assert {item.end for item in write(crm, updates(crm, {"city": "Bonn"}, count=10))} == {End.CONFIRMED}
    assert crm.calls("bulk_ingest") == 0


def test_a_job_changes_only_the_fields_of_a_change(crm: Crm) -> None:
    first, second = updates(crm, {"city": "Essen"}, count=12), updates(crm, {"street": "Ring 1"})[12:]
    before = says(crm)
    assert {item.end for item in write(crm, [*first, *second])} == {End.CONFIRMED}
    now = says(crm)
    assert all(now[str(item.key)]["street"] == before[str(item.key)]["street"] for item in first)
    assert all(now[str(item.key)]["city"] == before[str(item.key)]["city"] for item in second)


def test_a_job_creates_each_record_once_however_often_it_is_sent(crm: Crm) -> None:
    changes = creates(15, "Once")
    first, second = write(crm, changes), write(crm, changes)
    assert {item.end for item in [*first, *second]} == {End.CONFIRMED}
    keys = [item.key for item in first]
    assert [item.key for item in second] == keys
    assert len(set(keys)) == 15
    assert [says(crm)[str(key)]["account_name"] for key in keys] == [
        item.after["account_name"] for item in changes
    ]


def test_refused_rows_are_rejected_and_the_others_written(crm: Crm) -> None:
    good, bad = (
        updates(crm, {"city": "Jena"})[2:],
        updates(crm, {"city": "A city of much too long a name" * 9})[:2],
    )
    outcomes = write(crm, [*bad, *good])
    assert [item.end for item in outcomes] == [End.REJECTED] * 2 + [End.CONFIRMED] * (COUNT - 2)
    assert all("STRING_TOO_LONG" in item.message and "much too long" not in item.message for item in outcomes[:2])
    assert effects(crm, keys_of([*bad, *good])) == [0] * 2 + [1] * (COUNT - 2)


def test_a_record_that_moved_is_kept_out_of_the_job(crm: Crm) -> None:
    changes = updates(crm, {"city": "Gera"})
    crm.bench.desk.touch(crm.resource("accounts"), str(changes[0].key))
    outcomes = write(crm, changes)
    assert [item.end for item in outcomes] == [End.CONFLICTED] + [End.CONFIRMED] * (COUNT - 1)
    assert says(crm)[str(changes[0].key)]["city"] != "Gera"


@pytest.mark.parametrize("rows", [[0, 3, 5], list(range(COUNT))], ids=["few", "all"])
def test_rows_that_another_process_holds_are_sent_again(crm: Crm, rows: list[int]) -> None:
    changes = updates(crm, {"city": "Suhl"})
    plant(crm, "row_errors", "^bulk_state$", rows=rows)
    assert {item.end for item in write(crm, changes)} == {End.CONFIRMED}
    assert effects(crm, keys_of(changes)) == [1] * COUNT


def test_rows_that_stay_held_are_rejected_with_the_reason(crm: Crm) -> None:
    changes = updates(crm, {"city": "Suhl"})
    fault = {"match": {"operation": "^bulk_state$"}, "fault": {"kind": "row_errors"}, "times": 3}
    crm.control("faults", fault)
    outcomes = write(crm, changes)
    assert {item.end for item in outcomes} == {End.REJECTED}
    assert {item.message for item in outcomes} == {
        "UNABLE_TO_LOCK_ROW: another process holds the record; the next plan tries again."
    }
    assert crm.calls("bulk_ingest") == 3


def test_a_result_file_that_is_cut_off_is_asked_for_again(crm: Crm) -> None:
    crm.limit(fault={"kind": "cut", "files": 2})
    assert {item.end for item in write(crm, updates(crm, {"city": "Celle"}))} == {End.CONFIRMED}


def test_rows_of_which_no_file_speaks_are_unknown(crm: Crm) -> None:
    crm.limit(fault={"kind": "cut", "files": 99})
    ends = [item.end for item in write(crm, updates(crm, {"city": "Celle"}))]
    assert set(ends) == {End.CONFIRMED, End.UNKNOWN}


@pytest.mark.parametrize("kind", ["failed", "aborted"])
def test_a_job_that_ends_early_tells_what_it_did_and_holds_the_rest(crm: Crm, kind: str) -> None:
    changes = updates(crm, {"city": "Plauen"})
    crm.limit(fault={"kind": kind, "after": 9})
    outcomes = write(crm, changes)
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 9 + [End.HELD] * (COUNT - 9)
    assert effects(crm, keys_of(changes)) == [1] * 9 + [0] * (COUNT - 9)
    assert "Not sent: the bulk job ended before it" in outcomes[-1].message


@pytest.mark.parametrize("is_create", [False, True], ids=["updates", "creates"])
def test_a_job_that_a_run_lost_is_found_again_and_not_sent_twice(crm: Crm, *, is_create: bool) -> None:
    changes = creates(COUNT, "Lost") if is_create else updates(crm, {"city": "Goslar"})
    crm.limit(polls=3)
    lost = write(crm, changes, bulk_polls="1")
    assert {item.end for item in lost} == {End.UNKNOWN}
    found = write(crm, changes)
    assert {item.end for item in found} == {End.CONFIRMED}
    assert (effects(crm, [item.key for item in found]), crm.calls("bulk_ingest")) == ([1] * COUNT, 1)
    assert crm.calls("collection_update:Account") == 0


def test_a_job_of_a_run_that_was_killed_is_found_again(crm: Crm) -> None:
    changes = updates(crm, {"city": "Uslar"})
    crm.limit(polls=3)
    script = (sys.executable, "-m", "tests.systems.killed_run", crm.bench.connection.url)
    with subprocess.Popen(script, stdin=subprocess.PIPE, cwd=PRODUCT) as run:
        assert run.stdin is not None
        run.stdin.write(msgspec.json.encode(changes))
        run.stdin.close()
        deadline = time.monotonic() + 30
        while crm.calls("bulk_info") == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        run.kill()
    assert (crm.calls("bulk_ingest"), effects(crm, keys_of(changes))) == (1, [0] * COUNT)
    assert {item.end for item in write(crm, changes)} == {End.CONFIRMED}
    assert (crm.calls("bulk_ingest"), effects(crm, keys_of(changes))) == (1, [1] * COUNT)


def test_a_few_changes_left_of_a_lost_job_wait_for_it_too(crm: Crm) -> None:
    changes = updates(crm, {"city": "Peine"})
    crm.limit(polls=3)
    write(crm, changes, bulk_polls="1")
    assert {item.end for item in write(crm, changes[:3])} == {End.CONFIRMED}
    assert effects(crm, keys_of(changes)) == [1] * COUNT


def test_nothing_is_sent_while_a_lost_job_is_stuck(crm: Crm) -> None:
    changes = updates(crm, {"city": "Hameln"})
    crm.limit(fault={"kind": "stuck"})
    assert {item.end for item in write(crm, changes)} == {End.UNKNOWN}
    with pytest.raises(ServerError, match=r"does not come to an end.*abort it there"):
        write(crm, changes)
    assert (effects(crm, keys_of(changes)), crm.calls("bulk_ingest")) == ([0] * COUNT, 1)


def test_rows_that_a_lost_job_refused_are_sent_again(crm: Crm) -> None:
    changes = updates(crm, {"city": "Verden"})
    plant(crm, "row_errors", "^bulk_state$", rows=[0, 1])
    crm.limit(polls=3)
    write(crm, changes, bulk_polls="1")
    assert {item.end for item in write(crm, changes)} == {End.CONFIRMED}
    assert effects(crm, keys_of(changes)) == [1] * COUNT


def test_a_lost_job_older_than_the_plan_is_not_believed(crm: Crm) -> None:
    changes = updates(crm, {"city": "Stade"})
    crm.limit(polls=3)
    write(crm, changes, bulk_polls="1")
    write(crm, changes)
    for change in changes:
        crm.control("edit", {"resource": "Account", "id": change.key, "set": {"BillingCity": "Moved"}})
    later = [
        Change(item.change_id, item.key, "update", {}, item.after, {"updated_at": "2199-01-01T00:00:00Z"})
        for item in changes
    ]
    assert {item.end for item in write(crm, later)} == {End.CONFLICTED}
    assert {says(crm)[str(item.key)]["city"] for item in later} == {"Moved"}


@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "html"])
def test_a_lost_answer_about_the_hand_over_is_cleared_up(crm: Crm, kind: str) -> None:
    changes = updates(crm, {"city": "Emden"})
    plant(crm, kind, "^bulk_state$")
    assert {item.end for item in write(crm, changes)} == {End.CONFIRMED}
    assert (effects(crm, keys_of(changes)), crm.calls("bulk_ingest")) == ([1] * COUNT, 1)


def test_a_job_whose_opening_got_no_answer_does_nothing_and_is_stopped_later(crm: Crm) -> None:
    changes = updates(crm, {"city": "Aurich"})
    plant(crm, "cut_after", "^bulk_ingest$")
    assert {item.end for item in write(crm, changes)} == {End.CONFIRMED}
    assert (effects(crm, keys_of(changes)), crm.jobs_left("ingest")) == ([1] * COUNT, 1)
    write(crm, updates(crm, {"city": "Leer"}))
    assert crm.jobs_left("ingest") == 0


@pytest.mark.parametrize("kind", ["cut_after", "cut_before"])
def test_an_upload_that_breaks_off_writes_nothing(crm: Crm, kind: str) -> None:
    changes = updates(crm, {"city": "Norden"})
    plant(crm, kind, "^bulk_upload$")
    with pytest.raises(ServerError, match="broke off, and nothing was written"):
        write(crm, changes)
    assert (effects(crm, keys_of(changes)), crm.jobs_left("ingest")) == ([0] * COUNT, 0)


def test_who_may_not_use_jobs_writes_by_small_calls(crm: Crm) -> None:
    changes = updates(crm, {"city": "Weimar"})
    fault = {"kind": "status", "status": 403, "code": "API_DISABLED_FOR_ORG"}
    crm.control("faults", {"match": {"operation": "^bulk_"}, "fault": fault, "times": 99})
    assert {item.end for item in write(crm, changes)} == {End.CONFIRMED}
    assert effects(crm, keys_of(changes)) == [1] * COUNT


def test_jobs_of_other_programs_are_left_alone(crm: Crm) -> None:
    body = {"object": "Account", "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    crm.session().send("POST", JOBS, body=body)
    assert {item.end for item in write(crm, updates(crm, {"city": "Gotha"}))} == {End.CONFIRMED}
    assert crm.jobs_left("ingest") == 1
