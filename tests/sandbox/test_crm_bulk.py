"""The CRM's Bulk API 2.0, called by the community's client over TLS and by plain requests."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceOperationError

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.server.tokens import CLIENT_ID, CLIENT_SECRET
from tests.sandbox import records
from tests.sandbox.conftest import Crm, restore
from tests.sandbox.records import account

QUERY = {"operation": "queryAll", "query": "SELECT Id, Name FROM Account", "contentType": "CSV"}
INGEST = {"object": "Account", "operation": "update", "contentType": "CSV", "lineEnding": "LF"}


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("tls")
    load("salesforce", folder, records.crm())
    server = start("salesforce", folder, tls=True)
    yield server
    server.stop()


@pytest.fixture
def client(tls_server: Server) -> Salesforce:
    """simple-salesforce, trusting the sandbox's own authority and no other."""
    restore(tls_server)
    http = requests.Session()
    http.verify = str(tls_server.ca_file)
    http.trust_env = False
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    granted = http.post(f"{tls_server.url}/services/oauth2/token", data=form, timeout=10).json()
    return Salesforce(
        instance=f"127.0.0.1:{tls_server.port}", session_id=granted["access_token"], version="67.0", session=http
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_the_client_reads_a_query_page_by_page(client: Salesforce) -> None:
    pages = list(client.bulk2.Account.query_all("SELECT Id, Name FROM Account", max_records=3, wait=0))
    assert [len(rows(page)) for page in pages] == [3, 3, 1]
    assert [row["Id"] for page in pages for row in rows(page)] == [account(number) for number in range(1, 8)]
    alive = list(client.bulk2.Account.query("SELECT Id, Account.Name FROM Contact", wait=0))
    assert rows(alive[0])[1]["Account.Name"] == "Engines 2"


def test_the_client_writes_and_is_told_row_by_row(client: Salesforce) -> None:
    told = client.bulk2.Account.update(
        records=[
            {"Id": account(1), "Name": "Renamed", "BillingCity": "#N/A"},
            {"Id": account(2), "Name": "#N/A", "BillingCity": "Ulm"},
        ],
        wait=0,
    )
    assert [(part["numberRecordsProcessed"], part["numberRecordsFailed"]) for part in told] == [(2, 1)]
    files = client.bulk2.Account.get_all_ingest_records(told[0]["job_id"])
    (good,), (bad,) = files["successfulRecords"], files["failedRecords"]
    assert (good["sf__Id"], good["sf__Created"], good["Name"]) == (account(1), "false", "Renamed")
    assert (bad["Id"], bad["sf__Error"].partition(":")[0]) == (account(2), "REQUIRED_FIELD_MISSING")
    record = client.Account.get(account(1))
    assert (record["Name"], record["BillingCity"]) == ("Renamed", None)


def test_the_client_creates_upserts_and_deletes(client: Salesforce) -> None:
    wanted = [{"Concord_Id__c": f"C{number}", "Name": f"New {number}"} for number in range(5)]
    for changed in (5, 0):
        told = client.bulk2.Account.upsert(records=wanted, external_id_field="Concord_Id__c", wait=0)
        made = rows(client.bulk2.Account.get_successful_records(told[0]["job_id"]))
        assert [row["sf__Created"] for row in made].count("true") == changed
    client.bulk2.Account.delete(records=[{"Id": row["sf__Id"]} for row in made], wait=0)
    assert client.query("SELECT COUNT() FROM Account WHERE Concord_Id__c != null")["totalSize"] == 0


def test_a_failed_job_reaches_the_client(client: Salesforce) -> None:
    with pytest.raises(SalesforceOperationError, match="Field name not found : ShoeSize"):
        client.bulk2.Account.update(records=[{"Id": account(1), "ShoeSize": "44"}], wait=0)


def opened(crm: Crm, kind: str, body: dict[str, Any]) -> str:
    return str(crm.call("POST", f"jobs/{kind}", json=body).json()["id"])


def state_of(crm: Crm, path: str) -> str:
    return str(crm.call("GET", path).json()["state"])


def test_a_query_passes_its_states_and_its_pages_end_with_the_word_null(crm: Crm) -> None:
    crm.server.control("limits", {"bulk_polls": 1, "bulk_page_rows": 4})
    path = f"jobs/query/{opened(crm, 'query', QUERY)}"
    assert crm.call("GET", f"{path}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert [state_of(crm, path) for _ in range(3)] == ["InProgress", "JobComplete", "JobComplete"]
    first = crm.call("GET", f"{path}/results")
    locator = first.headers["Sforce-Locator"]
    second = crm.call("GET", f"{path}/results", params={"locator": locator})
    assert crm.call("GET", f"{path}/results", params={"locator": locator}).text == second.text
    assert (first.headers["Sforce-NumberOfRecords"], second.headers["Sforce-Locator"]) == ("4", "null")
    assert [line.split(",")[0] for line in second.text.splitlines()] == [
        '"Id"',
        *(f'"{account(number)}"' for number in (5, 6, 7)),
    ]
    assert crm.call("DELETE", path).status_code == 204
    assert crm.call("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("query", {**QUERY, "query": "SELECT COUNT() FROM Account"}, "INVALIDENTITY"),
        ("query", {**QUERY, "query": "SELECT ShoeSize FROM Account"}, "INVALID_FIELD"),
        ("ingest", {**INGEST, "operation": "guess"}, "INVALIDJOB"),
        ("ingest", {**INGEST, "operation": "upsert", "externalIdFieldName": "Name"}, "NOT_FOUND"),
    ],
)
def test_jobs_that_make_no_sense_are_refused(crm: Crm, kind: str, body: dict[str, Any], code: str) -> None:
    assert crm.call("POST", f"jobs/{kind}", json=body).json()[0]["errorCode"] == code


def test_a_job_takes_one_upload_and_writes_nothing_before_it_is_handed_over(crm: Crm) -> None:
    path = f"jobs/ingest/{opened(crm, 'ingest', INGEST)}"
    csv_type = {"Content-Type": "text/csv"}
    content = f"Id,Name\n{account(1)},Other\n"
    assert crm.call("PUT", f"{path}/batches", data=content, headers=csv_type).status_code == 201
    assert (
        crm.call("PUT", f"{path}/batches", data=content, headers=csv_type).json()[0]["errorCode"] == "INVALIDJOB"
    )
    assert (state_of(crm, path), crm.call("DELETE", path).status_code) == ("Open", 400)
    assert crm.call("PATCH", path, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert crm.query(f"SELECT Name FROM Account WHERE Id = '{account(1)}'")["records"][0]["Name"] != "Other"


def test_the_list_of_jobs_is_paged(crm: Crm) -> None:
    crm.server.control("limits", {"bulk_list_size": 2})
    ids = [opened(crm, "ingest", {**INGEST, "columnDelimiter": "CARET"}) for _ in range(3)]
    first = crm.call("GET", "jobs/ingest").json()
    second = crm.http.get(f"{crm.server.url}{first['nextRecordsUrl']}", timeout=10).json()
    assert [job["id"] for job in [*first["records"], *second["records"]]] == ids
    assert (first["done"], second["done"], second["nextRecordsUrl"]) == (False, True, None)
    assert second["records"][0]["columnDelimiter"] == "CARET"
