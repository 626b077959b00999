"""The registry finds the declared systems, and an installation uses those that it names."""

from dataclasses import replace

import pytest

from concord.errors import ConfigurationError, ContractError
from concord.registry import declared_systems, pool_slots, system, systems


def test_the_registry_finds_every_module_and_names_those_it_has() -> None:
    assert [item.name for item in systems()] == sorted(item.name for item in systems())
    assert {"salesforce", "shopify", "tryton"} <= {item.name for item in declared_systems()}
    with pytest.raises(ContractError, match=r"there are .*salesforce.*shopify.*tryton"):
        system("abacus")


def test_an_installation_uses_the_systems_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_SYSTEMS", "tryton, shopify")
    assert [item.name for item in systems()] == ["shopify", "tryton"]
    assert set(pool_slots()) == {"shopify", "tryton", "dbt"}
    monkeypatch.delenv("CONCORD_SYSTEMS")
    assert systems() == declared_systems()
    monkeypatch.setenv("CONCORD_SYSTEMS", "abacus")
    with pytest.raises(ConfigurationError, match="CONCORD_SYSTEMS names abacus"):
        systems()


def test_a_link_to_what_the_system_has_not_is_refused() -> None:
    shop = system("shopify")
    orders = replace(shop.resource("orders"), links={"customer_source_id": "clients"})
    with pytest.raises(ContractError, match="'customer_source_id' of shopify orders links 'clients'"):
        replace(shop, resources=(orders,)).check_links()
    shop.check_links()
