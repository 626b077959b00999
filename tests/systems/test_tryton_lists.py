"""A server may give fewer records a page than it was asked for; nothing of a list is missing for it."""

import pytest

from concord.testing.bench import Bench, keys_of, read_all

NAMES = ("contact_mechanisms", "sales")


@pytest.mark.parametrize("name", NAMES)
def test_a_list_of_capped_pages_is_read_whole(erp: Bench, name: str) -> None:
    resource = erp.system.resource(name)
    before = keys_of(resource, read_all(erp.session(), resource))
    size = resource.read.size  # type: ignore[attr-defined]
    erp.desk.relay.shortened = f",0,{size},".encode()[:-1]  # type: ignore[attr-defined]
    calls = erp.desk.calls()
    assert keys_of(resource, read_all(erp.session(), resource)) == before
    assert len(before) > size // 10
    assert erp.desk.calls() - calls > len(before) // (size // 10)
