"""Results of the CRM that are not as they were asked for."""

from collections.abc import Callable

import pytest

from concord.contract import Change, End
from concord.testing.bench import Bench
from concord.testing.case import Case

FindBench = Callable[[str], Bench]


@pytest.mark.parametrize("kind", ["shuffle", "short"])
def test_results_in_the_wrong_order_or_number_are_never_taken_for_granted(bench: FindBench, kind: str) -> None:
    found = bench("salesforce")
    case = Case(found, found.system.resource("contacts"), found.session(), {"phone": "+493087654321"})
    changes = case.changes(5)
    bad = Change("bad", changes[0].key, "update", {}, {"email": "nobody at nowhere"}, changes[0].guard)
    found.desk.fault(kind, on="write")
    outcomes = case.write([bad, *changes[1:]])
    assert {item.end for item in outcomes} <= {End.CONFIRMED, End.UNKNOWN}
    assert outcomes[0].end is End.UNKNOWN
    for change, outcome in zip(changes[1:], outcomes[1:], strict=True):
        assert outcome.end is End.UNKNOWN or case.holds(change)


def test_a_record_that_another_process_holds_is_tried_again(bench: FindBench) -> None:
    found = bench("salesforce")
    case = Case(found, found.system.resource("accounts"), found.session(), {"city": "Jena"})
    found.desk.fault("row_errors", on="write")
    outcomes = case.write(case.changes(3))
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 3
