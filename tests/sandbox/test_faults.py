"""Each planted fault really happens on the connection, and the control desk then reports it rightly."""

import time
from collections.abc import Callable

import pytest
import requests

from tests.sandbox.conftest import Crm, Shop
from tests.sandbox.records import CUSTOMER_PAGE, account, customer

Plant = Callable[..., None]
RENAME = """mutation($name: String) { customerUpdate(input: {id: "gid://shopify/Customer/1", lastName: $name}) {
    customer { lastName } userErrors { message } } }"""


def _name(shop: Shop) -> str:
    return shop.server.control(f"records/customers/one?id={customer(1)}")["lastName"]


def _effects(client: Shop | Crm) -> int:
    return sum(client.server.control("counts")["effects"].values())


def _page(shop: Shop) -> requests.Response:
    return shop.post(CUSTOMER_PAGE, {"first": 4})


@pytest.mark.parametrize("retry_after", [None, 7], ids=["without-retry-after", "with-retry-after"])
def test_a_status_comes_as_often_as_planted(shop: Shop, plant: Plant, retry_after: int | None) -> None:
    plant(shop, "status", "^customers$", status=429, retry_after=retry_after, skip=1, times=2)
    answers = [_page(shop) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers.get("Retry-After") == (retry_after and str(retry_after))
    assert shop.server.control("faults")[0]["struck"] == 2


def test_a_burst_of_503_spares_other_operations(crm: Crm, plant: Plant) -> None:
    plant(crm, "status", "query:Account", status=503, times=3)
    assert crm.call("GET", "query", params={"q": "SELECT Id FROM Contact"}).status_code == 200
    answers = [crm.call("GET", "query", params={"q": "SELECT Id FROM Account"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 503, 200]
    assert answers[0].json()[0]["errorCode"] == "SERVER_UNAVAILABLE"


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_cut_before_leaves_no_effect(shop: Shop, plant: Plant, reset: bool) -> None:
    plant(shop, "cut_before", "customerUpdate", reset=reset)
    with pytest.raises(requests.ConnectionError):
        shop.post(RENAME, {"name": "Byron"})
    counts = shop.server.control("counts")
    assert (counts["attempts"]["customerUpdate"], counts["effects"]) == (1, {})
    assert _name(shop) == "Lovelace 1"


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_cut_after_leaves_the_effect_and_no_answer(shop: Shop, plant: Plant, reset: bool) -> None:
    plant(shop, "cut_after", "customerUpdate", reset=reset)
    with pytest.raises(requests.ConnectionError):
        shop.post(RENAME, {"name": "Byron"})
    record = shop.server.control("counts")["records"][f"customers/{customer(1)}"]
    assert record == {"attempts": 1, "effects": 1}
    assert _name(shop) == "Byron"


def test_a_cut_collection_was_written_whole(crm: Crm, plant: Plant) -> None:
    plant(crm, "cut_after", "collection_upsert:Account")
    with pytest.raises(requests.ConnectionError):
        crm.upsert(*({"Concord_Id__c": f"G{number}", "Name": "x"} for number in range(5)))
    assert crm.query("SELECT COUNT() FROM Account WHERE Concord_Id__c != null")["totalSize"] == 5
    assert crm.server.control("counts")["effects"] == {"collection_upsert:Account": 5}


def test_a_late_call_takes_effect_after_the_connection_is_gone(shop: Shop, plant: Plant) -> None:
    plant(shop, "late", "customerUpdate", seconds=0.3)
    with pytest.raises(requests.ConnectionError):
        shop.post(RENAME, {"name": "Byron"})
    assert _name(shop) == "Lovelace 1"
    deadline = time.monotonic() + 5
    while _name(shop) != "Byron" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _effects(shop) == 1


def test_a_truncated_body_is_noticed_by_its_length(shop: Shop, plant: Plant) -> None:
    plant(shop, "truncate", "^customers$", share=0.5)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        _page(shop)
    assert _page(shop).status_code == 200


def test_a_malformed_body_is_no_json(shop: Shop, plant: Plant) -> None:
    plant(shop, "malformed", "^customers$")
    answer = _page(shop)
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(answer.content)))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(("kind", "effects"), [("html", 0), ("html_after", 1)])
def test_a_maintenance_page_comes_with_200(shop: Shop, plant: Plant, kind: str, effects: int) -> None:
    plant(shop, kind, "customerUpdate")
    answer = shop.post(RENAME, {"name": "Byron"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert _effects(shop) == effects


@pytest.mark.parametrize(
    ("kind", "status", "effects"),
    [("errors", 200, 0), ("errors_after", 200, 1), ("status_after", 502, 1)],
)
def test_an_error_may_hide_an_effect(shop: Shop, plant: Plant, kind: str, status: int, effects: int) -> None:
    plant(shop, kind, "customerUpdate", status=status)
    answer = shop.post(RENAME, {"name": "Byron"})
    assert (answer.status_code, "errors" in answer.json(), _effects(shop)) == (status, True, effects)


def test_an_ignored_write_says_yes_and_does_nothing(shop: Shop, plant: Plant) -> None:
    plant(shop, "ignore", "customerUpdate")
    assert shop.ask(RENAME, {"name": "Byron"})["data"]["customerUpdate"]["customer"] == {"lastName": "Byron"}
    assert (_name(shop), _effects(shop)) == ("Lovelace 1", 0)


def test_a_delay_takes_its_time(shop: Shop, plant: Plant) -> None:
    plant(shop, "delay", "^customers$", seconds=0.3)
    started = time.monotonic()
    assert _page(shop).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_an_expired_token_stays_worthless(shop: Shop, plant: Plant) -> None:
    plant(shop, "expired_token", "^customers$", skip=1)
    assert [_page(shop).status_code for _ in range(3)] == [200, 401, 401]
    shop.login()
    assert _page(shop).status_code == 200


def test_an_expired_session_has_the_crms_own_words(crm: Crm, plant: Plant) -> None:
    plant(crm, "expired_token")
    codes = [crm.call("GET", "limits").json()[0]["errorCode"] for _ in range(2)]
    assert codes == ["INVALID_SESSION_ID"] * 2
    crm.login()
    assert crm.call("GET", "limits").status_code == 200


def test_each_vendor_throttles_in_its_own_way(shop: Shop, crm: Crm, plant: Plant) -> None:
    plant(shop, "throttle")
    plant(crm, "throttle")
    slowed, refused = _page(shop), crm.call("GET", "limits")
    assert (slowed.status_code, slowed.json()["errors"][0]["extensions"]["code"]) == (200, "THROTTLED")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_a_record_comes_twice_in_a_page(shop: Shop, plant: Plant) -> None:
    plant(shop, "duplicate_within", "^customers$")
    assert shop.customer_pages()[0] == [customer(number) for number in (1, 2, 3, 4, 1)]


def test_a_page_under_an_alias_is_bent_too(shop: Shop, plant: Plant) -> None:
    plant(shop, "duplicate_within", "^customers$")
    edges = shop.ask("{ page: customers(first: 2) { edges { node { id } } } }")["data"]["page"]["edges"]
    assert [edge["node"]["id"] for edge in edges] == [customer(number) for number in (1, 2, 1)]


def test_a_record_comes_again_on_the_next_page(shop: Shop, plant: Plant) -> None:
    plant(shop, "duplicate_across", "^customers$", skip=1)
    pages = shop.customer_pages()
    assert pages[1][0] == pages[0][-1] == customer(4)
    assert [len(page) for page in pages] == [4, 5, 4]


def test_a_record_moves_between_pages(shop: Shop, plant: Plant) -> None:
    plant(shop, "move", "^customers$", set={"note": "called"})
    pages = shop.customer_pages()
    assert pages[0][0] == pages[-1][-1] == customer(1)
    assert shop.server.control("counts")["effects"] == {"edit": 1}


@pytest.mark.parametrize("length", [1, 2])
def test_a_cursor_loops(shop: Shop, plant: Plant, length: int) -> None:
    plant(shop, "loop", "^customers$", skip=2, times=None, length=length)
    pages = shop.customer_pages(size=2, limit=9)
    assert len(pages) == 9
    assert len({tuple(page) for page in pages[2:]}) == length
    assert [pages[place] == pages[place + length] for place in range(2, 9 - length)] == [True] * (7 - length)


def test_an_empty_page_goes_on(shop: Shop, plant: Plant) -> None:
    plant(shop, "empty_page", "^customers$", skip=1)
    assert [len(page) for page in shop.customer_pages()] == [4, 0, 4]


def test_a_locator_of_the_crm_loops_too(crm: Crm, plant: Plant) -> None:
    crm.server.control("limits", {"batch_size": 2})
    plant(crm, "loop", "query:Account", skip=1, times=None)
    reply = crm.query("SELECT Id FROM Account")
    addresses = [reply["nextRecordsUrl"]]
    for _ in range(4):
        reply = crm.http.get(f"{crm.server.url}{addresses[-1]}", timeout=10).json()
        addresses.append(reply["nextRecordsUrl"])
    assert (len(set(addresses)), reply["done"]) == (1, False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"action": "rename", "field": "note", "to": "remark"}, {"id", "updatedAt", "remark"}),
        ({"action": "remove", "field": "updatedAt"}, {"id", "note"}),
    ],
    ids=["rename", "remove"],
)
def test_a_schema_changes(shop: Shop, plant: Plant, change: dict, expected: set[str]) -> None:
    plant(shop, "schema", "^customers$", **change)
    node = _page(shop).json()["data"]["customers"]["nodes"][0]
    assert set(node) == expected


def test_a_field_changes_its_type(crm: Crm, plant: Plant) -> None:
    plant(crm, "schema", "query:Order", action="retype", field="TotalAmount")
    record = crm.query("SELECT TotalAmount FROM Order")["records"][0]
    assert record["TotalAmount"] == "59.4"


def test_another_version_has_answered(shop: Shop, crm: Crm, plant: Plant) -> None:
    plant(shop, "version", served="2026-04")
    plant(crm, "version", served="v60.0")
    assert _page(shop).headers["X-Shopify-API-Version"] == "2026-04"
    record = crm.query("SELECT Id FROM Account LIMIT 1")["records"][0]
    assert record["attributes"]["url"] == f"/services/data/v60.0/sobjects/Account/{account(1)}"


@pytest.mark.parametrize(("kind", "kept"), [("shuffle", 5), ("short", 4)])
def test_batch_results_are_shuffled_or_short(crm: Crm, plant: Plant, kind: str, kept: int) -> None:
    plant(crm, kind, "collection_upsert")
    names = [f"G{number}" for number in range(5)]
    results = crm.upsert(*({"Concord_Id__c": name, "Name": name} for name in names))
    found = crm.query("SELECT Id, Concord_Id__c FROM Account WHERE Concord_Id__c != null")["records"]
    in_order = [{r["Concord_Id__c"]: r["Id"] for r in found}[name] for name in names]
    assert (len(found), len(results)) == (5, kept)
    assert ([result["id"] for result in results] == in_order[:kept]) is (kind == "short")


def test_chosen_rows_of_a_collection_fail_alone(crm: Crm, plant: Plant) -> None:
    plant(crm, "row_errors", "collection_upsert", rows=[1], code="UNABLE_TO_LOCK_ROW")
    results = crm.upsert(*({"Concord_Id__c": f"G{number}", "Name": "x"} for number in range(3)))
    assert [result["success"] for result in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert _effects(crm) == 2


def test_an_unknown_fault_is_refused(shop: Shop) -> None:
    address = f"{shop.server.url}/__control/faults"
    for rule in ({"fault": {"kind": "earthquake"}}, {"fault": {"kind": "html"}, "when": 3}):
        assert requests.post(address, json=rule, timeout=10).status_code == 422
    assert shop.server.control("faults") == []


def test_the_log_tells_every_call_and_no_payload(shop: Shop, plant: Plant) -> None:
    plant(shop, "html", "customerUpdate")
    shop.post(RENAME, {"name": "Byron"})
    entry = shop.server.control("log")[-1]
    assert (entry["operations"], entry["status"], entry["fault"]) == (["customerUpdate"], 200, "html")
    assert "Byron" not in str(entry)


def test_a_persons_edit_moves_the_stamp(crm: Crm) -> None:
    edited = crm.server.control("edit", {"resource": "accounts", "id": account(1), "set": {"Name": "By hand"}})
    soql = f"SELECT Name FROM Account WHERE SystemModstamp >= {edited['SystemModstamp'].replace('+0000', 'Z')}"
    assert [record["Name"] for record in crm.query(soql)["records"]] == ["By hand"]
