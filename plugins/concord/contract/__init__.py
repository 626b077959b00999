"""The vocabulary in which a system is declared; a wrong declaration is refused when it is built."""

from concord.contract.accounts import Account
from concord.contract.batches import Batch, Lookup
from concord.contract.changes import ARCHIVE, Change, End, Outcome
from concord.contract.extensions import Extension, extend
from concord.contract.fields import Field, Form, Kind
from concord.contract.findings import Finding, Level, PageReader
from concord.contract.links import (
    CUSTOMER_NUMBER,
    ORDER_NAME,
    PARTNER_NUMBER,
    SHOP_REFUND,
    SKU,
    TRACKING_NUMBER,
    WHOLESALE_CUSTOMER,
    WHOLESALE_ORDER,
    Listed,
    PartOf,
)
from concord.contract.resources import Page, Reader, Resource, Writer, Writes
from concord.contract.sessions import Auth, Response, Session
from concord.contract.systems import AccountCheck, AccountChecks, LoginEnded, RateLimit, System, VendorRules
from concord.contract.windows import NO_END, ChangedBetween, Snapshot, Window, Worklist

__all__ = [
    "ARCHIVE",
    "CUSTOMER_NUMBER",
    "NO_END",
    "ORDER_NAME",
    "PARTNER_NUMBER",
    "SHOP_REFUND",
    "SKU",
    "TRACKING_NUMBER",
    "WHOLESALE_CUSTOMER",
    "WHOLESALE_ORDER",
    "Account",
    "AccountCheck",
    "AccountChecks",
    "Auth",
    "Batch",
    "Change",
    "ChangedBetween",
    "End",
    "Extension",
    "Field",
    "Finding",
    "Form",
    "Kind",
    "Level",
    "Listed",
    "LoginEnded",
    "Lookup",
    "Outcome",
    "Page",
    "PageReader",
    "PartOf",
    "RateLimit",
    "Reader",
    "Resource",
    "Response",
    "Session",
    "Snapshot",
    "System",
    "VendorRules",
    "Window",
    "Worklist",
    "Writer",
    "Writes",
    "extend",
]
