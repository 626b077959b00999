"""FedEx has no Python client of its own; plain requests as its guide writes them work against the sandbox's."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.vendors.fedex.tracking import ACCOUNT
from sandbox.vendors.fedex.vendor import FedEx

CLIENT_ID, CLIENT_SECRET = FedEx.client


def parcel(number: str, day: str, code: str = "DL", **more: Any) -> dict[str, Any]:
    result = {
        **more,
        "trackingNumberInfo": {"trackingNumber": number, "trackingNumberUniqueId": f"{day}~{number}~FDEG"},
        "latestStatusDetail": {"code": code},
        "dateAndTimes": [{"type": "SHIP", "dateTime": f"{day}T09:00:00-05:00"}],
    }
    return {"trackingNumber": number, "updated": f"{day}T14:00:00Z", "result": result}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("fedex")
    ours = [parcel("794900000001", "2026-11-01"), parcel("794900000002", "2026-11-02", "IT")]
    quoting = {"packageIdentifiers": [{"type": "CUSTOMER_REFERENCE", "values": ["#1001"]}]}
    ours.append(parcel("794900000003", "2026-11-03", additionalTrackingInfo=quoting))
    load("fedex", folder, {"tracking": ours, "earlier_tracking": [parcel("794900000001", "2026-03-01")]})
    running = start("fedex", folder)
    yield running
    running.stop()


@pytest.fixture
def http(server: Server) -> Iterator[requests.Session]:
    server.control("reset", {})
    with requests.Session() as session:
        answer = log_in(server, session)
        assert (answer.status_code, answer.json()["expires_in"], answer.json()["scope"]) == (200, 3600, "CXS")
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield session


def log_in(server: Server, session: requests.Session, secret: str = CLIENT_SECRET) -> requests.Response:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": secret}
    return session.post(f"{server.url}/oauth/token", data=form, timeout=10)


def ask(server: Server, http: requests.Session, *asked: dict[str, Any]) -> requests.Response:
    body = {"includeDetailedScans": True, "trackingInfo": list(asked)}
    headers = {"x-customer-transaction-id": "batch-0007", "x-locale": "en_US"}
    return http.post(f"{server.url}/track/v1/trackingnumbers", json=body, headers=headers, timeout=10)


def by_number(number: str, **more: str) -> dict[str, Any]:
    return {**more, "trackingNumberInfo": {"trackingNumber": number}}


def test_each_number_has_its_results_or_its_error(server: Server, http: requests.Session) -> None:
    answer = ask(server, http, by_number("794900000002"), by_number("000000000000"))
    told = answer.json()
    complete = told["output"]["completeTrackResults"]
    assert (answer.status_code, told["customerTransactionId"]) == (200, "batch-0007")
    assert [item["trackingNumber"] for item in complete] == ["794900000002", "000000000000"]
    assert complete[0]["trackResults"][0]["latestStatusDetail"]["code"] == "IT"
    assert complete[1]["trackResults"][0]["error"]["code"] == "TRACKING.TRACKINGNUMBER.NOTFOUND"
    assert told["output"]["alerts"][0]["code"] == "TRACKING.DATA.NOTFOUND"


@pytest.mark.parametrize(
    ("days", "count"),
    [({}, 2), ({"shipDateBegin": "2026-10-25", "shipDateEnd": "2026-11-05"}, 1)],
    ids=["whenever", "these days"],
)
def test_a_number_used_again_has_several_results(
    server: Server, http: requests.Session, days: dict[str, str], count: int
) -> None:
    complete = ask(server, http, by_number("794900000001", **days)).json()["output"]["completeTrackResults"]
    assert len(complete[0]["trackResults"]) == count


def test_a_unique_id_names_one_parcel(server: Server, http: requests.Session) -> None:
    wanted = "2026-03-01~794900000001~FDEG"
    info = {"trackingNumberInfo": {"trackingNumber": "794900000001", "trackingNumberUniqueId": wanted}}
    (complete,) = ask(server, http, info).json()["output"]["completeTrackResults"]
    ids = [item["trackingNumberInfo"]["trackingNumberUniqueId"] for item in complete["trackResults"]]
    assert ids == [wanted]


@pytest.mark.parametrize("count", [0, 31])
def test_a_wrong_call_is_refused_as_a_whole(server: Server, http: requests.Session, count: int) -> None:
    answer = ask(server, http, *[by_number("794900000001")] * count)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"].startswith("TRACKING.TRACKING")


def test_logins_are_refused_for_a_wrong_secret_and_in_bursts(server: Server, http: requests.Session) -> None:
    wrong = log_in(server, http, "wrong")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (401, "NOT.AUTHORIZED.ERROR")
    statuses = [log_in(server, http).status_code for _ in range(12)]
    assert (statuses[0], statuses[-1]) == (200, 403)


def test_a_token_that_ended_is_a_401(server: Server, http: requests.Session) -> None:
    server.control("limits", {"expire_tokens": True})
    answer = ask(server, http, by_number("794900000001"))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "NOT.AUTHORIZED.ERROR")


def ask_reference(server: Server, http: requests.Session, **asked: str) -> requests.Response:
    body = {"includeDetailedScans": False, "referencesInformation": {"type": "CUSTOMER_REFERENCE", **asked}}
    return http.post(f"{server.url}/track/v1/referencenumbers", json=body, timeout=10)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"value": "#1001"}, "794900000003"),
        ({"value": "#1001", "shipDateBegin": "2026-11-01", "shipDateEnd": "2026-11-05"}, "794900000003"),
        ({"value": "#1001", "shipDateBegin": "2026-11-05", "shipDateEnd": "2026-11-09"}, None),
        ({"value": "#1002"}, None),
    ],
    ids=["whenever", "these days", "other days", "unknown"],
)
def test_a_reference_leads_to_its_parcels(
    server: Server, http: requests.Session, asked: dict[str, str], found: str | None
) -> None:
    answer = ask_reference(server, http, accountNumber=ACCOUNT, **asked)
    (complete,) = answer.json()["output"]["completeTrackResults"]
    (result,) = complete["trackResults"]
    assert answer.status_code == 200
    if found is None:
        assert result["error"]["code"] == "TRACKING.REFERENCENUMBER.NOTFOUND"
    else:
        assert (complete["trackingNumber"], result["latestStatusDetail"]["code"]) == (found, "DL")


def test_a_reference_needs_the_account_or_the_destination(server: Server, http: requests.Session) -> None:
    place = {"destinationCountryCode": "DE", "destinationPostalCode": "10115"}
    assert ask_reference(server, http, value="#1001").status_code == 400
    assert ask_reference(server, http, value="#1001", accountNumber="1").status_code == 403
    assert ask_reference(server, http, value="#1001", **place).status_code == 200
