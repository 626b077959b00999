"""No test finds what another one left with a vendor."""

from collections.abc import Callable

import pytest

from concord.testing.bench import Bench, keys_of, read_all
from concord.testing.benches import facts_of, systems_on_benches


@pytest.mark.parametrize("name", [item.name for item in systems_on_benches()])
def test_every_record_is_as_it_was_after_a_test(bench: Callable[[str], Bench], name: str) -> None:
    found = bench(name)
    resource = found.system.resource(facts_of(name).first)
    before = read_all(found.session(), resource)
    change = found.desk.delete if found.desk.form == "cells" else found.desk.touch
    change(resource, keys_of(resource, before)[0])
    assert read_all(found.session(), resource) != before
    found.desk.reset()
    assert read_all(found.session(), resource) == before
