"""What the night wrote is right, too, when the vendors' own clients and the ERP's own library read it."""

import pytest

from sandbox.referee.night import judged_resources
from sandbox.referee.verdict import Verdict
from sandbox.referee.written_records import judge_written_records
from tests.flow.clients import read_crm, read_shop
from tests.flow.conftest import ENDED, Begin
from tests.flow.vendors import ERP, Vendors

pytestmark = pytest.mark.flow


@pytest.fixture
def verdict(begin: Begin, vendors: Vendors) -> Verdict:
    begin(ENDED)
    read = {
        "shopify": read_shop(vendors.servers["shopify"]),
        "salesforce": read_crm(vendors.servers["salesforce"]),
        ERP: vendors.staged_systems()[ERP].read(judged_resources()[ERP]),
    }
    return judge_written_records(vendors.world, read, [])


def test_the_vendors_clients_find_no_wrong_write(verdict: Verdict) -> None:
    assert set(verdict.writes) == {"salesforce", "shopify", "tryton"}
    assert min(verdict.writes.values()) >= 5
    assert verdict.wrong == []
