"""The rows that the old shop's database has of the world: loyalty customers in capitals, and an inbox of messages.

Rows are by column, as the tables hold them. Most customers have an account; e-mails are partly missing, some
telephone numbers are old, some names lack a letter (those rows have the ERP's number), and some accounts are
deleted or belong to no customer.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.world import slots
from sandbox.world.customers import Customer, make_customers, phone_number
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.pools import COUNTRY_BY_CODE
from sandbox.world.systems import ADDRESS, REACH, SystemTruth

ZONE = ZoneInfo("Europe/Berlin")
ABSENT = range(440, 475)
STRANGER = range(475, 480)
STALE_PHONES = range(400, 415)
WRONG_NAMES = range(484, 490)
_NO_PHONE, _NO_EMAIL, _CROSSWALK = 0.05, 0.25, 0.8
_LINE = 30
Row = dict[str, Any]


def customer_number(index: int, copy: int = 0) -> str:
    """Ten digits with leading zeros; strangers have numbers of their own."""
    return f"{104_000 + index * 2 + copy:010d}"


def write_digits(moment: datetime) -> tuple[int, int]:
    """A time as CYYMMDD and HHMMSS in local time."""
    local = moment.astimezone(ZONE)
    return int(local.strftime("%Y%m%d")) - 19_000_000, int(local.strftime("%H%M%S"))


def write_lines(customer: Customer) -> tuple[str, str]:
    """Two lines in capitals: surname and first name of a person, the name of a company broken between words."""
    if customer.company_name is None:
        return customer.last_name.upper(), customer.first_name.upper()
    name = customer.company_name.upper()
    if len(name) <= _LINE:
        return name, ""
    at = name.rindex(" ", 0, _LINE + 1)
    return name[:at], name[at + 1 :]


def _phone(settings: Settings, customer: Customer) -> int:
    luck = random_for(settings, "legacy_sql-phone", customer.index).random()
    if customer.slot in STALE_PHONES:
        country = COUNTRY_BY_CODE[customer.country_code]
        return int(phone_number(country, customer.index, is_old=True)[1:])
    return 0 if luck < _NO_PHONE else int(customer.phone[1:])


def _customer(settings: Settings, customer: Customer) -> Row:
    random = random_for(settings, "legacy_sql-customer", customer.index)
    has_email, has_code = (
        random.random() >= _NO_EMAIL,
        random.random() < _CROSSWALK or customer.slot in WRONG_NAMES,
    )
    points = int(random.random() * 4000)
    created = min(customer.created_at + timedelta(hours=9), settings.as_of - timedelta(hours=2))
    changed_on, changed_at = write_digits(moment_between(random, created, settings.as_of))
    first, second = write_lines(customer)
    if customer.slot in WRONG_NAMES:
        first = first[:1] + first[2:]
    return {
        "cusno": customer_number(customer.index),
        "erpno": customer.code if has_code and customer.slot not in slots.NOT_IN_ERP else "",
        "custyp": "B" if customer.company_name else "P",
        "cunam1": first,
        "cunam2": second,
        "custr": customer.street.upper(),
        "cuzip": customer.postal_code,
        "cucity": customer.city.upper(),
        "cuctry": customer.country_code,
        "cutel": _phone(settings, customer),
        "cumail": customer.email.upper() if has_email else "",
        "loypts": points,
        "loylvl": "G" if points > 3000 else "S" if points > 1500 else "B",
        "crtdt": write_digits(created)[0],
        "upddt": changed_on,
        "updtm": changed_at,
        "updusr": "BATCH01" if customer.index % 3 else "QSECOFR",
        "verno": 1 + int(random.random() * 9),
        "delcd": "",
    }


def _stranger(settings: Settings, customer: Customer) -> Row:
    return {
        **_customer(settings, customer),
        "cusno": customer_number(customer.index, 1),
        "erpno": "",
        "cunam1": f"CLOSED {customer.index}",
        "cunam2": "ACCOUNT",
        "cutel": 0,
        "cumail": f"LEFT{customer.index}@GONE.EXAMPLE",
        "delcd": "D",
    }


def customers(settings: Settings) -> Iterator[Row]:
    """The rows of `custmast` in the order of their numbers."""
    for customer in make_customers(settings):
        if customer.slot not in ABSENT:
            yield _customer(settings, customer)
        if customer.slot in STRANGER:
            yield _stranger(settings, customer)


def customer_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each live customer record, and the customer."""
    for customer in make_customers(settings):
        if customer.slot not in ABSENT:
            yield customer_number(customer.index), customer.world_id


def inbox(settings: Settings) -> Iterator[Row]:
    """Messages of a web form: every third customer confirmed the account, and one in ten of these was refused."""
    for customer in make_customers(settings):
        if customer.index % 3 or customer.slot in ABSENT:
            continue
        random = random_for(settings, "legacy_sql-inbox", customer.index)
        created = moment_between(random, settings.begins_at, settings.as_of - timedelta(hours=4))
        is_refused = random.random() < 0.1
        told = created.astimezone(ZONE).replace(tzinfo=None)
        yield {
            "msg_id": f"WEB-{customer.index:08d}",
            "entity": "CUSTOMER",
            "entkey": customer_number(customer.index),
            "payload": '{"confirmed": true}',
            "sts": "E" if is_refused else "P",
            "errcd": "E104" if is_refused else "",
            "errtx": "CUSTOMER LOCKED" if is_refused else "",
            "crtts": told.isoformat(),
            "chgts": (told + timedelta(minutes=1 + int(random.random() * 30))).isoformat(),
            "crtusr": "WEBFORM",
        }


RESOURCES = {"customers": customers, "inbox": inbox}
TRUTH = SystemTruth(
    customers="customers", live={"customers": customer_keys}, writable={"customers": ADDRESS | REACH}
)
