"""Fields that a business adds to a system that is declared already."""

import pytest

from concord.contract import Field, extend
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import keys_of, read_all
from concord.testing.suite.test_accounts import Night, night

__all__ = ["night"]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [("legacy_sql", "remark", "only mornings"), ("hubspot", "properties.jobtitle", "Head of purchasing")],
)
def test_a_field_that_a_business_adds_is_read_and_kept(night: Night, name: str, path: str, value: str) -> None:
    added = extend(name, **{night.resource.name: [Field(path, "own_field")]})
    resource = added.apply(night.bench.system).resource(night.resource.name)
    create_tables(Database(night.url), night.bench.system, resource)
    key = keys_of(resource, read_all(night.bench.session(), night.resource))[0]
    night.bench.desk.fill(resource, key, {path: value})
    night.run(resource)
    assert (key, value) in night.values_of(resource.field("own_field"))
