"""The sandbox's CRM responds as Salesforce does."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.sandbox.conftest import Crm
from tests.sandbox.records import account


def _ids(reply: dict) -> list[str]:
    return [record["Id"] for record in reply["records"]]


def test_batches_follow_each_other_by_locator(crm: Crm) -> None:
    crm.server.control("limits", {"batch_size": 3})
    reply = crm.query("SELECT Id FROM Account ORDER BY SystemModstamp, Id", with_deleted=True)
    ids, rounds = _ids(reply), 1
    while not reply["done"]:
        address = f"{crm.server.url}{reply['nextRecordsUrl']}"
        reply = crm.http.get(address, timeout=10).json()
        assert crm.http.get(address, timeout=10).json()["records"] == reply["records"]
        ids, rounds = ids + _ids(reply), rounds + 1
    assert (ids, rounds, reply["totalSize"]) == ([account(number) for number in range(1, 8)], 3, 7)


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("SystemModstamp >= 2026-11-02T12:00:00Z AND SystemModstamp < 2026-11-04T12:00:00Z", [2, 3]),
        ("Name = 'ENGINES 3'", [3]),
        ("Name LIKE '%nes 1'", [1]),
        ("Name IN ('Engines 1', 'Engines 2') AND (Type = null OR Type = 'Business')", [1, 2]),
        ("NOT Name != 'Engines 5'", [5]),
        ("Concord_Id__c != null", []),
        ("Name = 'O\\'Brien'", []),
        (f"Id IN ('{account(2)}', '{account(6)[:15]}')", [2, 6]),
        ("IsDeleted = true", []),
    ],
)
def test_conditions_find_exactly_their_records(crm: Crm, condition: str, numbers: list[int]) -> None:
    assert _ids(crm.query(f"SELECT Id FROM Account WHERE {condition}")) == [account(number) for number in numbers]


def test_deleted_records_are_seen_by_query_all_alone(crm: Crm) -> None:
    soql = "SELECT Id, IsDeleted FROM Account WHERE IsDeleted = true"
    assert _ids(crm.query(soql, with_deleted=True)) == [account(7)]
    assert crm.query("SELECT COUNT() FROM Account")["totalSize"] == 6


def test_related_fields_come_nested(crm: Crm) -> None:
    reply = crm.query("SELECT LastName, Account.Name FROM Contact WHERE Account.Name = 'Engines 2'")
    assert [(r["LastName"], r["Account"]["Name"]) for r in reply["records"]] == [("Lovelace 2", "Engines 2")]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT ShoeSize FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Shoe", "INVALID_TYPE"),
        ("SELECT Id FORM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Type = 'b' OR Type = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE SystemModstamp > '2026-11-01T00:00:00Z'", "INVALID_FIELD"),
    ],
)
def test_a_wrong_query_is_named(crm: Crm, soql: str, code: str) -> None:
    answer = crm.call("GET", "query", params={"q": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_collection_answers_for_each_record_in_order(crm: Crm) -> None:
    results = crm.upsert(
        {"Concord_Id__c": "G1", "Name": "One"},
        {"Concord_Id__c": "G2"},
        {"Concord_Id__c": "G3", "Name": "x" * 300},
        {"Concord_Id__c": "G4", "Name": "Four", "Type": "Individual"},
    )
    assert [result["success"] for result in results] == [True, False, False, True]
    codes = [result["errors"][0]["statusCode"] for result in results if not result["success"]]
    assert codes == ["REQUIRED_FIELD_MISSING", "STRING_TOO_LONG"]
    again = crm.upsert({"Concord_Id__c": "G1", "Name": "Uno"})
    assert again == [{"id": results[0]["id"], "success": True, "errors": [], "created": False}]
    assert crm.server.control("counts")["records"][f"Account/{again[0]['id']}"] == {"attempts": 2, "effects": 2}


def test_all_or_none_leaves_nothing_behind(crm: Crm) -> None:
    results = crm.upsert({"Concord_Id__c": "G1", "Name": "One"}, {"Concord_Id__c": "G2"}, all_or_none=True)
    assert results[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert crm.query("SELECT COUNT() FROM Account WHERE Concord_Id__c != null")["totalSize"] == 0
    assert crm.server.control("counts")["effects"] == {}


def test_an_external_id_is_unique(crm: Crm) -> None:
    crm.upsert({"Concord_Id__c": "G1", "Name": "One"})
    body = {"records": [{"attributes": {"type": "Account"}, "id": account(1), "Concord_Id__c": "g1"}]}
    result = crm.call("PATCH", "composite/sobjects", json=body).json()[0]
    assert result["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    twice = crm.upsert({"Concord_Id__c": "G5", "Name": "a"}, {"Concord_Id__c": "G5", "Name": "b"})
    assert [result["success"] for result in twice] == [False, False]


def test_more_than_200_records_are_refused(crm: Crm) -> None:
    error = crm.upsert(*({"Concord_Id__c": f"G{number}", "Name": "x"} for number in range(201)))[0]
    assert error["errorCode"] == "EXCEEDED_ID_LIMIT"


@pytest.mark.parametrize(
    ("path", "values", "code"),
    [
        (f"sobjects/Account/{account(1)}", {"ShoeSize": 44}, "INVALID_FIELD"),
        ("sobjects/Order/801Hs0000000001IAA", {"TotalAmount": 1}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("sobjects/Order/801Hs0000000001IAA", {"Status": "Lost"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("sobjects/Contact/003Hs0000000001IAA", {"Email": "n/a"}, "INVALID_EMAIL_ADDRESS"),
        ("sobjects/Contact/003Hs0000000001IAA", {"AccountId": account(99)}, "INVALID_CROSS_REFERENCE_KEY"),
        (f"sobjects/Account/{account(7)}", {"Name": "x"}, "ENTITY_IS_DELETED"),
        (f"sobjects/Account/{account(99)}", {"Name": "x"}, "NOT_FOUND"),
    ],
)
def test_a_wrong_write_is_named_and_has_no_effect(crm: Crm, path: str, values: dict, code: str) -> None:
    assert crm.call("PATCH", path, json=values).json()[0]["errorCode"] == code
    assert crm.server.control("counts")["effects"] == {}


def test_a_record_modified_since_is_not_overwritten(crm: Crm) -> None:
    path = f"sobjects/Account/{account(1)}"
    read_at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    unchanged = {"If-Unmodified-Since": format_datetime(read_at, usegmt=True)}
    earlier = {"If-Unmodified-Since": format_datetime(read_at - timedelta(seconds=1), usegmt=True)}
    assert crm.call("PATCH", path, json={"Name": "Late"}, headers=earlier).status_code == 412
    assert crm.call("PATCH", path, json={"Name": "Mine"}, headers=unchanged).status_code == 204
    assert crm.call("PATCH", path, json={"Name": "Theirs"}, headers=unchanged).status_code == 412
    assert crm.call("GET", path).json()["Name"] == "Mine"


def test_the_daily_limit_is_a_403_and_every_answer_counts(crm: Crm) -> None:
    crm.server.control("limits", {"daily_calls": 2})
    answers = [crm.call("GET", "query", params={"q": "SELECT Id FROM Account"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[1].headers["Sforce-Limit-Info"] == "api-usage=2/2"
    assert answers[2].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_deleting_an_account_takes_its_contacts_along(crm: Crm) -> None:
    assert crm.call("DELETE", f"sobjects/Account/{account(2)}").status_code == 204
    soql = "SELECT AccountId FROM Contact WHERE IsDeleted = true AND LastName = 'Lovelace 2'"
    assert [record["AccountId"] for record in crm.query(soql, with_deleted=True)["records"]] == [account(2)]


def test_a_contact_may_name_its_account_by_external_id(crm: Crm) -> None:
    made = crm.upsert({"Concord_Id__c": "G1", "Name": "One"})[0]["id"]
    contact = {"LastName": "Babbage", "Account": {"Concord_Id__c": "G1"}}
    created = crm.call("POST", "sobjects/Contact", json=contact)
    assert created.status_code == 201
    assert crm.call("GET", f"sobjects/Contact/{created.json()['id']}").json()["AccountId"] == made
