"""The consent of each customer to e-mail, and where systems disagree about it.

A customer who opted out in one system opted out in all; a system that holds consent then is a planted fault.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.world import slots
from sandbox.world.customers import Customer
from sandbox.world.draw import Settings

SUBSCRIBED, UNSUBSCRIBED, NEVER = "subscribed", "unsubscribed", "never"


@dataclass(frozen=True, slots=True)
class Consent:
    """The consent in the marketing tool, the customer's true consent, and when it was given."""

    at_marketing: str
    truly: str
    since: datetime


def consent_of(settings: Settings, customer: Customer) -> Consent:
    """The consent of one customer; some opted out in the CRM and not in the marketing tool."""
    since = min(customer.created_at + timedelta(days=3), settings.as_of - timedelta(hours=1))
    if customer.slot in slots.OPTED_OUT:
        return Consent(UNSUBSCRIBED, UNSUBSCRIBED, since)
    if customer.slot in slots.OPTED_OUT_ELSEWHERE:
        return Consent(SUBSCRIBED, UNSUBSCRIBED, since)
    if customer.slot in slots.NEVER_ASKED:
        return Consent(NEVER, NEVER, since)
    return Consent(SUBSCRIBED, SUBSCRIBED, since)
