"""A warehouse, the vendor Shopfront and the stages between them, as the tests of write-back use them."""

from contextlib import AbstractContextManager
from pathlib import Path

from concord.contract import System
from concord.protocols.session.client import HttpSession
from concord.store.engine import TRANSFORMER
from concord.testing import round_trip
from tests.store.shopfront import declare, open_shopfront, write_suites
from tests.store.shopfront_vendor import Vendor


class RoundTrip(round_trip.RoundTrip):
    """One night at Shopfront, step by step."""

    desired = {  # noqa: RUF012  # nothing changes it
        "accounts": "account_name text, phone text, credit_amount numeric, concord_id text, is_deleted boolean",
        "contacts": "account_source_id text, email text, tags jsonb",
    }

    def __init__(self, url: str, vendor: Vendor, folder: Path, system: System | None = None) -> None:
        self.vendor = vendor
        super().__init__(url, system or declare(), folder)

    def write_suites(self) -> None:
        write_suites(self.suites)

    def open(self) -> AbstractContextManager[HttpSession]:
        return open_shopfront(self.vendor.url)

    def forget_wishes(self) -> None:
        with self.database.transaction(TRANSFORMER) as connection:
            connection.execute("truncate marts.desired_shopfront__accounts, marts.desired_shopfront__contacts")
