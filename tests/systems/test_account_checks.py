"""What only its vendor can tell of an account: each kind of finding, where it is so and where it is not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from concord.contract import Finding, Level
from concord.stages.check.check_system import SystemCheck
from concord.testing.bench import Bench
from concord.testing.sandbox_desk import SandboxDesk
from sandbox.vendors.shopify.scopes import ALL

FindBench = Callable[[str], Bench]


def own(bench: Bench, subject: str, **extra: object) -> list[tuple[Level, str]]:
    """The vendor's own findings about a subject; `extra` goes into the connection's extra fields."""
    connection = replace(bench.connection, extra={**bench.connection.extra, **extra})
    system = replace(bench.system, resources=bench.system.resources)
    session = replace(bench, connection=connection).session()
    found: list[Finding] = SystemCheck(session, system).run()
    assert found[0].level is Level.OK, found[0].sentence
    return [(item.level, item.sentence) for item in found if item.subject == subject]


def control(bench: Bench, what: str, wanted: dict[str, object]) -> None:
    assert isinstance(bench.desk, SandboxDesk)
    bench.desk.server.control(what, wanted)


def deny(bench: Bench, operation: str) -> None:
    """The login may not do this any more, until the reset."""
    fault = {"match": {"operation": operation}, "fault": {"kind": "denied"}, "times": None}
    control(bench, "faults", fault)


def test_an_app_without_all_orders_is_told_that_it_sees_sixty_days(shopify: Bench) -> None:
    assert own(shopify, "scopes") == [(Level.OK, "The app has the 5 scopes that were looked for.")]
    control(shopify, "account", {"scopes": [name for name in ALL if name != "read_all_orders"]})
    ((level, sentence),) = own(shopify, "scopes")
    assert level is Level.FAILS
    assert "lacks the scope read_all_orders" in sentence
    assert "of the last 60 days only" in sentence


def test_an_app_without_all_orders_does_see_sixty_days_only(shopify: Bench) -> None:
    orders = shopify.system.resource("orders")
    count = shopify.desk.count(orders)
    assert sum(len(keys) for keys in orders.read.read_keys(shopify.session(), orders)) == count > 0
    control(shopify, "account", {"scopes": [name for name in ALL if name != "read_all_orders"]})
    assert 0 < sum(len(keys) for keys in orders.read.read_keys(shopify.session(), orders)) < count


def test_scopes_for_writes_that_are_not_there_are_notes(shopify: Bench) -> None:
    control(shopify, "account", {"scopes": ["read_all_orders", "write_customers"]})
    found = own(shopify, "scopes")
    assert [level for level, _ in found] == [Level.NOTE] * 3
    assert [sentence.split()[2] for _, sentence in found] == [
        "write_products",
        "write_inventory",
        "write_merchant_managed_fulfillment_orders",
    ]


def test_a_shop_that_names_no_scopes_is_a_note(shopify: Bench) -> None:
    control(shopify, "account", {"scopes": []})
    ((level, sentence),) = own(shopify, "scopes")
    assert level is Level.NOTE
    assert "does not name the scopes" in sentence


def test_fields_that_the_crm_user_may_not_edit_are_named(bench: FindBench) -> None:
    found = bench("salesforce")
    assert [level for level, _ in own(found, "permissions")] == [Level.OK] * 4
    control(found, "account", {"collection": "Contact", "changes": {"Phone": {"is_writable": False}}})
    failing = [sentence for level, sentence in own(found, "permissions") if level is Level.FAILS]
    assert failing == [
        "The user may not edit Phone of Contact; give it the permission to, in its profile or a permission set."
    ]


def test_a_refused_login_of_the_crm_names_external_client_apps(bench: FindBench) -> None:
    found = bench("salesforce")
    refused = SystemCheck(found.session(password="another"), found.system).run()
    assert "External Client App" in refused[0].sentence
    assert "External Client App" not in str(SystemCheck(found.session(), found.system).run())


def test_a_property_that_is_not_unique_is_told(bench: FindBench) -> None:
    found = bench("hubspot")
    assert [level for level, _ in own(found, "properties")] == [Level.OK] * 3
    control(found, "account", {"collection": "deals", "changes": {"shop_order_name": {"is_unique": False}}})
    failing = [sentence for level, sentence in own(found, "properties") if level is Level.FAILS]
    assert len(failing) == 1
    assert "shop_order_name of deals is not unique" in failing[0]


@pytest.mark.parametrize(
    ("version", "level"),
    [("2026-09", Level.NOTE), ("2027-03", Level.NOTE), ("2026-03", Level.OK), ("v3", Level.OK)],
)
def test_rules_about_required_properties_hold_from_a_version_on(
    bench: FindBench, version: str, level: Level
) -> None:
    (found,) = own(bench("hubspot"), "rules", api_version=version)
    assert found[0] is level
    assert version in found[1]


def test_a_role_that_may_not_read_the_catalogue_is_a_note(bench: FindBench) -> None:
    found = bench("netsuite")
    assert [level for level, _ in own(found, "catalogue")] == [Level.OK]
    fault = {"match": {"path": "metadata-catalog"}, "fault": {"kind": "denied"}, "times": None}
    control(found, "faults", fault)
    ((level, sentence),) = own(found, "catalogue")
    assert level is Level.NOTE
    assert "customer, invoice, salesOrder" in sentence


@pytest.mark.parametrize(("zone", "level"), [("GMT", Level.OK), ("America/New_York", Level.NOTE)])
def test_a_zone_with_summer_time_is_a_note(bench: FindBench, zone: str, level: Level) -> None:
    ((found, sentence),) = own(bench("netsuite"), "time zone", time_zone=zone)
    assert (found, zone in sentence) == (level, True)


def test_a_project_without_tracking_fails_though_nothing_is_asked_for(bench: FindBench) -> None:
    found = bench("fedex")
    found = replace(found, system=replace(found.system, resources=()))
    assert [level for level, _ in own(found, "permissions")] == [Level.OK]
    deny(found, "^track")
    ((level, sentence),) = own(found, "permissions")
    assert level is Level.FAILS
    assert "FORBIDDEN.ERROR" in sentence
    assert "Add the Track API" in sentence


def test_the_two_daily_limits_are_a_note_until_one_is_chosen(
    bench: FindBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = bench("fedex")
    monkeypatch.delenv("CONCORD_CALLS_PER_DAY", raising=False)
    ((level, sentence),) = own(found, "limits")
    assert level is Level.NOTE
    assert "10,000" in sentence
    assert "100,000" in sentence
    monkeypatch.setenv("CONCORD_CALLS_PER_DAY", "fedex=25000")
    assert own(found, "limits") == [
        (Level.OK, "The project has 25,000 tracking calls a day, as CONCORD_CALLS_PER_DAY says.")
    ]


def test_a_key_that_may_not_read_events_fails(bench: FindBench) -> None:
    found = bench("stripe")
    assert [level for level, _ in own(found, "permissions")] == [Level.OK]
    deny(found, "events")
    ((level, sentence),) = own(found, "permissions")
    assert level is Level.FAILS
    assert "does not have the required permissions" in sentence


def test_a_service_that_hands_out_no_token_takes_no_changes(bench: FindBench) -> None:
    found = bench("sap")
    assert [level for level, _ in own(found, "writes")] == [Level.OK] * 2
    deny(found, "^token$")
    failing = [sentence for level, sentence in own(found, "writes") if level is Level.FAILS]
    assert len(failing) == 2
    assert "will take no changes" in failing[0]


@pytest.fixture
def old_shop(bench: FindBench) -> Iterator[Bench]:
    found = bench("legacy_sql")
    yield found
    as_owner(found, "grant select, insert, update on custmast, inbox to {login}")


def as_owner(bench: Bench, statement: str) -> None:
    with psycopg.connect(bench.desk.legacy.owner_url) as connection:  # type: ignore[attr-defined]  # the old shop
        login = sql.Identifier(bench.connection.login)
        connection.execute(sql.SQL(statement).format(login=login))  # type: ignore[arg-type]  # of this file


def test_a_login_that_may_not_write_is_told_what_is_missing(old_shop: Bench) -> None:
    assert [level for level, _ in own(old_shop, "privileges")] == [Level.OK] * 2
    as_owner(old_shop, "revoke insert on inbox from {login}")
    as_owner(old_shop, "revoke update on custmast from {login}")
    as_owner(
        old_shop, "grant update (custr, cuzip, cucity, cuctry, updusr, verno, upddt, updtm) on custmast to {login}"
    )
    assert own(old_shop, "privileges") == [
        (Level.FAILS, "The login may not update cumail, cutel of custmast; let the administrator grant it."),
        (Level.FAILS, "The login may not insert rows of inbox; let the administrator grant it."),
    ]


def test_a_database_in_an_old_character_set_is_a_note(old_shop: Bench) -> None:
    assert own(old_shop, "characters") == [(Level.OK, "The database keeps texts in UTF8.")]
    owner = old_shop.desk.legacy.owner_url  # type: ignore[attr-defined]  # the old shop
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("create database old_letters encoding 'LATIN1' locale 'C' template template0")
    try:
        address = urlsplit(old_shop.connection.url)._replace(path="/old_letters").geturl()
        other = replace(old_shop, connection=replace(old_shop.connection, url=address))
        ((level, sentence),) = own(other, "characters")
    finally:
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("drop database old_letters with (force)")
    assert level is Level.NOTE
    assert "keeps texts in LATIN1" in sentence


def test_a_folder_that_takes_no_files_fails(bench: FindBench) -> None:
    found = bench("ibm_i")
    folder = found.desk.host.folder  # type: ignore[attr-defined]  # the host
    before = sorted(path.name for path in (folder / "in").iterdir())
    assert own(found, "folders") == [(Level.OK, "Files can be made in the folder in, and removed.")]
    assert sorted(path.name for path in (folder / "in").iterdir()) == before
    (folder / "in").rename(folder / "elsewhere")
    try:
        ((level, sentence),) = own(found, "folders")
    finally:
        (folder / "elsewhere").rename(folder / "in")
    assert level is Level.FAILS
    assert "folder in" in sentence


def test_models_that_the_erp_user_may_not_write_are_named(erp: Bench) -> None:
    desk: Any = erp.desk
    assert [level for level, _ in own(erp, "permissions")] == [Level.OK] * 4
    company = desk.ask("model.company.company.search", [], 0, 1, None)[0]
    reader = {"name": "Reader", "login": "reader", "password": "no group for me"}
    (made,) = desk.ask("model.res.user.create", [reader])
    login = replace(erp.connection, login=reader["login"], password=reader["password"])
    # As the bench's own, but with the user's own login: the server keeps the rights of known users for minutes.
    other = replace(erp, connection=login)
    failing = [text for level, text in own(other, "permissions", company=company) if level is Level.FAILS]
    desk.ask("model.res.user.write", [made], {"active": False})
    assert "The user may not create sale.sale; add it to a group that may." in failing
