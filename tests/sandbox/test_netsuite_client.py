"""A client written from the vendor's documents alone works against the ledger: token, SuiteQL, records, jobs.

NetSuite has no Python client of its own, so `requests` and `jwt` speak as its help pages say.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.vendors.netsuite.keys import CERTIFICATE_ID
from sandbox.vendors.netsuite.vendor import NetSuite
from sandbox.world import generate

TOKEN = "/services/rest/auth/oauth2/v1/token"
QUERY = "/services/rest/query/v1/suiteql"
RECORDS = "/services/rest/record/v1"
BATCH = {
    "Prefer": "respond-async",
    "Content-Type": "application/vnd.oracle.resource+json; type=collection",
}


class Account:
    """What the help pages tell a client to do."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {self.login().json()['access_token']}"

    def assertion(self, key: str = NetSuite.client[1], algorithm: str = "ES256", **changed: Any) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": NetSuite.client[0],
            "scope": "rest_webservices",
            "aud": f"{self.server.url}{TOKEN}",
        }
        kid = changed.pop("kid", CERTIFICATE_ID)
        claims |= {"iat": now, "exp": now + 600, **changed}
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})

    def login(self, assertion: str | None = None) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
        }
        return requests.post(f"{self.server.url}{TOKEN}", data=form, timeout=10)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        address = path if "://" in path else f"{self.server.url}{path}"
        return self.http.request(method, address, timeout=10, **options)

    def query(self, text: str, *, limit: int = 1000, offset: int = 0) -> requests.Response:
        params = {"limit": str(limit), "offset": str(offset)}
        return self.ask("POST", QUERY, params=params, json={"q": text}, headers={"Prefer": "transient"})

    def rows(self, text: str) -> list[dict[str, Any]]:
        answer = self.query(text)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["items"]
        return rows

    def results(self, job: str) -> list[requests.Response]:
        """Polls the job to its end and takes the result of each record."""
        deadline = time.monotonic() + 10
        while not self.ask("GET", job).json()["completed"]:
            assert time.monotonic() < deadline
        tasks = self.ask("GET", f"{job}/task").json()["items"]
        return [self.ask("GET", f"{task['links'][0]['href']}/result") for task in tasks]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("netsuite")
    world = generate(3, as_of=datetime(2026, 11, 1, tzinfo=UTC), customers=30, products=10, orders=30)
    load("netsuite", folder, world.of("netsuite"))
    running = start("netsuite", folder)
    yield running
    running.stop()


@pytest.fixture
def account(server: Server) -> Account:
    server.control("reset", {})
    return Account(server)


def code_of(answer: requests.Response) -> str:
    return str(answer.json()["o:errorDetails"][0]["o:errorCode"])


def test_the_token_says_its_lifetime_as_text(account: Account) -> None:
    granted = account.login().json()
    assert (granted["expires_in"], granted["token_type"]) == ("3600", "Bearer")


def test_a_certificate_of_rsa_signs_with_ps256(account: Account) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account.server.control("limits", {"certificates": {"rsa": public}})
    assert account.login(account.assertion(private, "PS256", kid="rsa")).status_code == 200
    assert account.login(account.assertion(private, "RS256", kid="rsa")).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody"},
        {"aud": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": 9_999_999_999},
        {"kid": "other"},
    ],
    ids=" ".join,
)
def test_an_assertion_that_is_not_right_gets_no_token(account: Account, changed: dict[str, Any]) -> None:
    assert account.login(account.assertion(**changed)).status_code == 400


def test_a_token_that_ended_is_told_so(account: Account) -> None:
    account.server.control("limits", {"expire_tokens": True})
    refused = account.query("SELECT id FROM customer")
    assert (refused.status_code, code_of(refused)) == (401, "INVALID_LOGIN")
    assert "token_rejected" in refused.headers["WWW-Authenticate"]


def test_pages_go_by_an_offset_that_is_a_multiple_of_the_limit(account: Account) -> None:
    text = "SELECT id FROM customer ORDER BY id"
    first, second = (account.query(text, limit=10, offset=offset).json() for offset in (0, 10))
    assert first["hasMore"] is True
    assert first["totalResults"] == account.server.control("health")["records"]["customers"]
    assert not {row["id"] for row in first["items"]} & {row["id"] for row in second["items"]}
    assert code_of(account.query(text, limit=10, offset=5)) == "INVALID_PARAMETER"


def test_a_query_ends_at_its_last_row_and_goes_on_behind_the_last_id(account: Account) -> None:
    account.server.control("limits", {"row_limit": 20})
    text = "SELECT id FROM customer WHERE id > {} ORDER BY id"
    first = account.query(text.format(0), limit=10, offset=10).json()
    assert (first["hasMore"], first["totalResults"]) == (False, 20)
    assert code_of(account.query(text.format(0), limit=10, offset=20)) == "INVALID_PARAMETER"
    following = account.query(text.format(first["items"][-1]["id"]), limit=10).json()
    assert int(following["items"][0]["id"]) > int(first["items"][-1]["id"])


def test_rows_are_text_without_what_is_null(account: Account) -> None:
    person, *_ = account.rows("SELECT id, firstName, companyName, isPerson FROM customer WHERE isperson = 'T'")
    assert set(person) == {"links", "id", "firstname", "isperson"}
    order, *_ = account.rows("SELECT foreigntotal FROM transaction WHERE type = 'SalesOrd'")
    assert isinstance(order["foreigntotal"], str)


@pytest.mark.parametrize(
    ("written", "shown"), [("MM/DD/YYYY", "8/6/2026"), ("DD.MM.YYYY", "6.8.2026"), ("YYYY-MM-DD", "2026-8-6")]
)
def test_dates_are_told_as_the_account_writes_them(account: Account, written: str, shown: str) -> None:
    account.server.control(
        "edit", {"resource": "items", "id": "500", "set": {"createdDate": "2026-08-06T10:00:00Z"}}
    )
    account.server.control("limits", {"date_format": written})
    assert account.rows("SELECT createddate FROM item WHERE id = 500")[0]["createddate"] == shown


def test_times_are_told_in_the_zone_of_the_account_unless_asked_for_in_utc(account: Account) -> None:
    stamp = "2026-08-06T23:30:00Z"
    account.server.control("edit", {"resource": "items", "id": "500", "set": {"createdDate": stamp}})
    local = "TO_CHAR(createddate, 'YYYY-MM-DD HH24:MI:SS')"
    zoned = f"FROM_TZ(TO_TIMESTAMP({local}, 'YYYY-MM-DD HH24:MI:SS'), 'Europe/Berlin')"
    utc = f'TO_CHAR(SYS_EXTRACT_UTC({zoned}), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
    (row,) = account.rows(f"SELECT {local} AS here, {utc} AS there FROM item WHERE id = 500")
    assert (row["here"], row["there"]) == ("2026-08-07 01:30:00", stamp)


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM customer",
        "SELECT id FROM customer LIMIT 1",
        "SELECT shoesize FROM customer",
        "SELECT id FROM shoes",
    ],
)
def test_what_the_dialect_does_not_know_is_refused(account: Account, text: str) -> None:
    refused = account.query(text)
    assert (refused.status_code, code_of(refused)) == (400, "INVALID_PARAMETER")


def test_the_header_of_a_query_is_required(account: Account) -> None:
    refused = account.ask("POST", QUERY, json={"q": "SELECT id FROM customer"})
    assert (refused.status_code, code_of(refused)) == (400, "INVALID_HEADER")


def test_quantities_of_sales_are_negative_in_the_ledger(account: Account) -> None:
    lines = account.rows("SELECT quantity, mainline FROM transactionline WHERE item IS NOT NULL")
    assert len(lines) > 20
    assert all(float(line["quantity"]) < 0 for line in lines)


def new_customer(**changed: Any) -> dict[str, Any]:
    return {"subsidiary": {"id": "1"}, "companyName": "Nordwind Handel", **changed}


def test_a_record_is_made_read_changed_and_taken_away(account: Account) -> None:
    made = account.ask("POST", f"{RECORDS}/customer", json=new_customer(externalId="A-1"))
    address = made.headers["Location"]
    assert (made.status_code, made.content) == (204, b"")
    assert account.ask("PATCH", address, json={"phone": "+49 30 1234567"}).status_code == 204
    found = account.ask("GET", f"{RECORDS}/customer/eid:A-1").json()
    assert (found["id"], found["phone"]) == (address.rpartition("/")[2], "+49 30 1234567")
    assert account.ask("DELETE", address).status_code == 204
    gone = account.ask("GET", address)
    assert (gone.status_code, code_of(gone)) == (404, "NONEXISTENT_ID")


def test_an_upsert_by_external_id_makes_one_record(account: Account) -> None:
    addresses = {
        account.ask("PUT", f"{RECORDS}/customer/eid:U-1", json=new_customer(email=email)).headers["Location"]
        for email in ("one@example.com", "two@example.com")
    }
    assert len(addresses) == 1
    assert account.ask("GET", addresses.pop()).json()["email"] == "two@example.com"


def test_misspelt_fields_are_ignored_unless_the_client_minds(account: Account) -> None:
    body = new_customer(emial="x@example.com")
    assert account.ask("POST", f"{RECORDS}/customer", json=body).status_code == 204
    minding = {"X-NetSuite-PropertyNameValidation": "error"}
    refused = account.ask("POST", f"{RECORDS}/customer", json=body, headers=minding)
    assert (refused.status_code, code_of(refused)) == (400, "INVALID_CONTENT")


def test_a_sales_order_has_lines_and_a_total(account: Account) -> None:
    customer = account.rows("SELECT id FROM customer ORDER BY id")[0]["id"]
    line = {"item": {"id": "500"}, "quantity": 2, "rate": 12.5}
    order = {"entity": {"id": customer}, "otherRefNum": "#9001", "item": {"items": [line]}}
    made = account.ask("POST", f"{RECORDS}/salesOrder", json=order).headers["Location"]
    found = account.ask("GET", made, params={"expandSubResources": "true"}).json()
    assert (found["total"], [item["amount"] for item in found["item"]["items"]]) == (25.0, [25.0])


def test_a_batch_is_a_job_with_a_result_for_each_record(account: Account) -> None:
    items = [new_customer(externalId="B-1"), new_customer(externalId="B-2", email="nobody at nowhere")]
    accepted = account.ask("PUT", f"{RECORDS}/customer", json={"items": items}, headers=BATCH)
    assert accepted.status_code == 202
    good, bad = account.results(accepted.headers["Location"])
    assert (good.status_code, bad.status_code, code_of(bad)) == (204, 400, "USER_ERROR")
    assert account.ask("GET", good.headers["Location"]).json()["externalId"] == "B-1"


def test_a_batch_holds_a_hundred_records(account: Account) -> None:
    items = [new_customer(externalId=f"H-{number}") for number in range(101)]
    refused = account.ask("PUT", f"{RECORDS}/customer", json={"items": items}, headers=BATCH)
    assert (refused.status_code, code_of(refused)) == (400, "INVALID_REQUEST")


def test_a_key_that_comes_again_is_refused_with_the_job_it_started(account: Account) -> None:
    headers = {**BATCH, "X-NetSuite-idempotency-key": str(uuid4())}
    body = {"items": [new_customer(externalId="K-1")]}
    first, again = (account.ask("PUT", f"{RECORDS}/customer", json=body, headers=headers) for _ in range(2))
    assert (again.status_code, code_of(again)) == (400, "IDEMPOTENCY_ERROR")
    assert again.headers["Location"] == first.headers["Location"]
    assert account.server.control("counts")["effects"] == {"batch_upsert:customer": 1}


def test_calls_beyond_the_concurrency_are_blocked_without_a_word_how_long(account: Account) -> None:
    account.server.control("limits", {"concurrency": 1, "work_seconds": 0.3})
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: account.query("SELECT id FROM item"), range(3)))
    blocked = [answer for answer in answers if answer.status_code == 429]
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429]
    assert all(code_of(answer) == "CONCURRENCY_LIMIT_EXCEEDED" for answer in blocked)
    assert not any("Retry-After" in answer.headers for answer in blocked)
    assert blocked[0].json()["title"] == "Bad Request"


def test_the_list_of_records_gives_ids_and_links(account: Account) -> None:
    page = account.ask("GET", f"{RECORDS}/customer", params={"limit": 10, "offset": 10}).json()
    assert (page["count"], page["offset"], set(page["items"][0])) == (10, 10, {"id", "links"})
    assert account.ask("GET", page["items"][0]["links"][0]["href"]).json()["id"] == page["items"][0]["id"]
