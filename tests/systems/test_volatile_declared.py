"""That volatile fields are declared somewhere, and only fields."""

from dataclasses import replace

import pytest

from concord.contract import ChangedBetween
from concord.errors import ContractError
from concord.testing.benches import systems_on_benches
from concord.testing.suite.test_volatile import VOLATILE


def test_some_resource_declares_volatile_fields() -> None:
    assert VOLATILE


def test_a_volatile_field_that_is_not_declared_is_refused() -> None:
    (system,) = (item for item in systems_on_benches() if item.name == VOLATILE[0][0])
    resource = system.resource(VOLATILE[0][1])
    with pytest.raises(ContractError, match="'stock' as its volatile field"):
        replace(resource, changes=ChangedBetween("updated_at", volatile=frozenset({"stock"})))
