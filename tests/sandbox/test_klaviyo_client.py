"""The vendor's own Python client works against the sandbox's Klaviyo."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from klaviyo_api import KlaviyoAPI
from openapi_client.exceptions import ApiException

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.vendors.klaviyo.vendor import Klaviyo
from sandbox.vendors.klaviyo.world import subscriptions

DAY = "2026-11-{:02d}T08:00:00+00:00"


def profile(number: int, consent: str = "SUBSCRIBED") -> dict[str, Any]:
    since = datetime(2026, 11, number, 8, tzinfo=UTC)
    about = {"email": f"ada{number}@example.com", "external_id": f"P{number}", "phone_number": None}
    stamps = {"created": DAY.format(number), "updated": DAY.format(number)}
    told = {"subscriptions": subscriptions(consent, since, Random(4)), "location": {}, "properties": {}}
    return {"type": "profile", "id": f"01K{number:023d}", "attributes": {**about, **stamps, **told}}


def event(number: int) -> dict[str, Any]:
    about = {"timestamp": number, "datetime": DAY.format(number), "uuid": str(number), "event_properties": {}}
    links = {
        "metric": {"data": {"type": "metric", "id": "M1"}},
        "profile": {"data": {"type": "profile", "id": "P"}},
    }
    return {"type": "event", "id": f"E{number}", "attributes": about, "relationships": links}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("klaviyo")
    load("klaviyo", folder, {})
    running = start("klaviyo", folder)
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> KlaviyoAPI:
    server.control("reset", {"data": True})
    people = [profile(number) for number in range(1, 8)]
    server.control("put", {"resource": "profiles", "records": people})
    server.control("put", {"resource": "events", "records": [event(number) for number in range(1, 6)]})
    return KlaviyoAPI(Klaviyo.client[1], max_delay=1, max_retries=1, test_host=server.url)


def emails(found: Any) -> list[str]:
    return [item.attributes.email for item in found.data]


def test_lists_page_by_page_with_consent_where_it_is_asked_for(client: KlaviyoAPI) -> None:
    page = client.Profiles.get_profiles(page_size=5, additional_fields_profile=["subscriptions"])
    marketing = page.data[0].attributes.subscriptions.email.marketing
    assert (marketing.consent, marketing.can_receive_email_marketing) == ("SUBSCRIBED", True)
    (cursor,) = parse_qs(urlsplit(page.links.next).query)["page[cursor]"]
    rest = client.Profiles.get_profiles(page_size=5, page_cursor=cursor)
    assert emails(page) + emails(rest) == [f"ada{number}@example.com" for number in range(1, 8)]
    assert rest.links.next is None
    assert rest.data[0].attributes.subscriptions is None


def test_filters_are_strict_and_checked(client: KlaviyoAPI) -> None:
    window = "and(greater-than(updated,2026-11-02T08:00:00Z),less-than(updated,2026-11-05T08:00:00Z))"
    found = client.Profiles.get_profiles(filter=window, sort="-updated")
    assert emails(found) == ["ada4@example.com", "ada3@example.com"]
    assert emails(client.Profiles.get_profiles(filter='any(external_id,["P6","P99"])')) == ["ada6@example.com"]
    with pytest.raises(ApiException) as refused:
        client.Profiles.get_profiles(filter="greater-or-equal(updated,2026-11-02T08:00:00Z)")
    assert (refused.value.status, '"parameter":"filter"' in str(refused.value.body)) == (400, True)


def test_events_by_time(client: KlaviyoAPI) -> None:
    since = "greater-or-equal(datetime,2026-11-03T08:00:00Z)"
    found = client.Events.get_events(filter=since, sort="datetime")
    assert [item.id for item in found.data] == ["E3", "E4", "E5"]
    assert client.Events.get_event("E2").data.relationships.metric.data.id == "M1"


def test_creates_once_and_changes(client: KlaviyoAPI) -> None:
    new = {"data": {"type": "profile", "attributes": {"email": "New@Example.com", "external_id": "P70"}}}
    made = client.Profiles.create_profile(new)
    assert made.data.attributes.email == "new@example.com"
    with pytest.raises(ApiException) as refused:
        client.Profiles.create_profile(new)
    assert refused.value.status == 409
    assert made.data.id in str(refused.value.body)
    body = {"data": {"type": "profile", "id": made.data.id, "attributes": {"first_name": "Ada"}}}
    assert client.Profiles.update_profile(made.data.id, body).data.attributes.first_name == "Ada"
    assert client.Profiles.create_or_update_profile(new).data.attributes.first_name == "Ada"


def test_an_import_is_accepted_and_tells_its_errors_later(client: KlaviyoAPI) -> None:
    people = [
        {"type": "profile", "attributes": {"external_id": "P1", "first_name": "Ada"}},
        {"type": "profile", "attributes": {"email": "b@example.com", "phone_number": "030 12"}},
    ]
    body = {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": people}}}}
    job = client.Profiles.bulk_import_profiles(body).data
    assert (job.attributes.status, job.attributes.failed_count) == ("queued", 0)
    deadline = time.monotonic() + 10
    while job.attributes.status != "complete" and time.monotonic() < deadline:
        job = client.Profiles.get_bulk_import_profiles_job(job.id).data
    assert (job.attributes.completed_count, job.attributes.failed_count) == (1, 1)
    (error,) = client.Profiles.get_errors_for_bulk_import_profiles_job(job.id).data
    assert error.attributes.source.pointer == "/data/attributes/profiles/data/1/attributes/phone_number"
    assert emails(client.Profiles.get_profiles(filter='equals(email,"b@example.com")')) == []


def consent(client: KlaviyoAPI, record_id: str) -> str:
    found = client.Profiles.get_profile(record_id, additional_fields_profile=["subscriptions"])
    return str(found.data.attributes.subscriptions.email.marketing.consent)


def test_unsubscribes_and_subscribes(client: KlaviyoAPI) -> None:
    def job(kind: str, wanted: str) -> dict[str, Any]:
        channel = {"email": {"marketing": {"consent": wanted}}}
        person = {"type": "profile", "attributes": {"email": "ada3@example.com", "subscriptions": channel}}
        return {"data": {"type": kind, "attributes": {"profiles": {"data": [person]}}}}

    record_id = profile(3)["id"]
    client.Profiles.bulk_unsubscribe_profiles(job("profile-subscription-bulk-delete-job", "UNSUBSCRIBED"))
    assert (consent(client, record_id), consent(client, profile(4)["id"])) == ("UNSUBSCRIBED", "SUBSCRIBED")
    client.Profiles.bulk_subscribe_profiles(job("profile-subscription-bulk-create-job", "SUBSCRIBED"))
    assert consent(client, record_id) == "SUBSCRIBED"


def test_a_wrong_key_and_a_missing_profile(client: KlaviyoAPI, server: Server) -> None:
    with pytest.raises(ApiException) as refused:
        KlaviyoAPI("pk_wrong", max_delay=1, max_retries=1, test_host=server.url).Profiles.get_profiles()
    assert refused.value.status == 401
    with pytest.raises(ApiException) as missing:
        client.Profiles.get_profile("01NOBODY")
    assert missing.value.status == 404
