"""Who wants to hear from us: the consent of each customer, and where systems disagree about it.

Opted out anywhere is opted out everywhere; a system that says otherwise is what reconciliation must find.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.world import slots
from sandbox.world.customers import Customer
from sandbox.world.draw import Settings

SUBSCRIBED, UNSUBSCRIBED, NEVER = "subscribed", "unsubscribed", "never"


@dataclass(frozen=True, slots=True)
class Consent:
    """What the marketing tool says, what the customer last said to anybody, and when."""

    at_marketing: str
    truly: str
    since: datetime


def consent_of(settings: Settings, customer: Customer) -> Consent:
    """The consent to e-mail of one customer; some opted out in the CRM and the marketing tool does not know."""
    since = min(customer.created_at + timedelta(days=3), settings.as_of - timedelta(hours=1))
    if customer.slot in slots.OPTED_OUT:
        return Consent(UNSUBSCRIBED, UNSUBSCRIBED, since)
    if customer.slot in slots.OPTED_OUT_ELSEWHERE:
        return Consent(SUBSCRIBED, UNSUBSCRIBED, since)
    if customer.slot in slots.NEVER_ASKED:
        return Consent(NEVER, NEVER, since)
    return Consent(SUBSCRIBED, SUBSCRIBED, since)
