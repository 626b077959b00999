"""The records that Klaviyo has of the world: profiles with their consent, and orders as events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sandbox.world import slots
from sandbox.world.consent import NEVER, SUBSCRIBED, UNSUBSCRIBED, consent_of
from sandbox.world.customers import Customer, make_customer, make_customers
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.notation import write_name
from sandbox.world.orders import Order, make_orders
from sandbox.world.pools import COUNTRY_BY_CODE
from sandbox.world.systems import ADDRESS, PERSON, REACH, SystemTruth

PLACED_ORDER, OPENED_EMAIL = "RESQ6t", "SxR9Bt"
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CONSENT = {SUBSCRIBED: "SUBSCRIBED", UNSUBSCRIBED: "UNSUBSCRIBED", NEVER: "NEVER_SUBSCRIBED"}
_BOUNCED_SHARE = 0.01
_EXTERNAL_ID_SHARE, _PHONE_SHARE = 0.7, 0.6
Record = dict[str, Any]


def write_time(moment: datetime) -> str:
    """Klaviyo's ISO 8601: whole seconds and +00:00."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _ulid(moment: datetime, number: int) -> str:
    """26 characters that sort by time: 10 for the moment, 16 for the number."""

    def digits(value: int, count: int) -> str:
        return "".join(_DIGITS[value >> (5 * place) & 31] for place in reversed(range(count)))

    return digits(int(moment.timestamp() * 1000), 10) + digits(number * 1_000_003, 16)


def profile_id(customer: Customer) -> str:
    """Profile ids."""
    return _ulid(customer.created_at, customer.index + 1)


def is_known(customer: Customer) -> bool:
    """Whether the marketing tool has a profile of the customer; those who never were in the shop have none."""
    return customer.slot not in slots.NOT_IN_SHOP


def subscriptions(consent: str, since: datetime, random: Random) -> Record:
    """Consent and suppression, which are independent of each other."""
    at = write_time(since)
    suppression = []
    if consent == "UNSUBSCRIBED":
        suppression.append({"reason": "UNSUBSCRIBE", "timestamp": at})
    elif random.random() < _BOUNCED_SHARE:
        suppression.append({"reason": "HARD_BOUNCE", "timestamp": at})
    never = {"consent": "NEVER_SUBSCRIBED", "can_receive_sms_marketing": False, "consent_timestamp": None}
    return {
        "email": {
            "marketing": {
                "can_receive_email_marketing": not suppression,
                "consent": consent,
                "consent_timestamp": at if consent == "SUBSCRIBED" else None,
                "last_updated": at,
                "method": None if consent == "NEVER_SUBSCRIBED" else "PREFERENCE_PAGE",
                "double_optin": consent == "SUBSCRIBED",
                "suppression": suppression,
                "list_suppressions": [],
            }
        },
        "sms": {"marketing": never},
    }


def _profile(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "klaviyo-profile", customer.index)
    consent = consent_of(settings, customer)
    updated = max(moment_between(random, customer.created_at, settings.as_of), consent.since)
    has_external_id, has_phone = random.random() < _EXTERNAL_ID_SHARE, random.random() < _PHONE_SHARE
    return {
        "type": "profile",
        "id": profile_id(customer),
        "attributes": {
            "email": customer.email.lower(),
            "phone_number": customer.phone if has_phone else None,
            "external_id": customer.code if has_external_id else None,
            "first_name": write_name(random, customer.first_name),
            "last_name": write_name(random, customer.last_name),
            "organization": customer.company_name,
            "locale": None,
            "created": write_time(customer.created_at),
            "updated": write_time(updated),
            "location": {
                "address1": customer.street,
                "city": customer.city,
                "region": None,
                "zip": customer.postal_code,
                "country": COUNTRY_BY_CODE[customer.country_code].name,
            },
            "properties": {},
            "subscriptions": subscriptions(_CONSENT[consent.at_marketing], consent.since, random),
        },
    }


def customer_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each live customer record, and the customer."""
    for customer in make_customers(settings):
        if is_known(customer):
            yield profile_id(customer), customer.world_id


def profiles(settings: Settings) -> Iterator[Record]:
    """Profiles of all who were in the shop."""
    return (_profile(settings, customer) for customer in make_customers(settings) if is_known(customer))


def _event(settings: Settings, metric: str, at: datetime, number: int, about: Record) -> Record:
    uuid = str(UUID(int=random_for(settings, f"klaviyo-{metric}", number).getrandbits(128), version=4))
    customer: Customer = about.pop("customer")
    return {
        "type": "event",
        "id": f"4{metric}{number:07d}",
        "attributes": {
            "timestamp": int(at.timestamp()),
            "event_properties": about,
            "datetime": write_time(at),
            "uuid": uuid,
        },
        "relationships": {
            "profile": {"data": {"type": "profile", "id": profile_id(customer)}},
            "metric": {"data": {"type": "metric", "id": metric}},
        },
    }


def _order_events(settings: Settings, order: Order, customer: Customer) -> Iterator[Record]:
    value = float(order.total_amount)
    items = [line.product.shop_sku for line in order.lines]
    placed = {"customer": customer, "OrderId": order.number, "$value": value, "Items": items}
    yield _event(settings, PLACED_ORDER, order.created_at, order.index, placed)
    opened = order.created_at + timedelta(hours=2)
    if opened < settings.as_of:
        mail = {"customer": customer, "Subject": "Thank you for your order"}
        yield _event(settings, OPENED_EMAIL, opened, order.index, mail)


def events(settings: Settings) -> Iterator[Record]:
    """The events of real orders: each was placed, and its e-mail was opened two hours later."""
    for order in make_orders(settings):
        customer = make_customer(settings, order.customer_index)
        if is_known(customer) and not order.is_test:
            yield from _order_events(settings, order, customer)


RESOURCES = {"profiles": profiles, "events": events}
TRUTH = SystemTruth(
    customers="profiles",
    live={"profiles": customer_keys},
    writable={"profiles": ADDRESS | PERSON | REACH | {"company_name", "email_consent"}},
)
