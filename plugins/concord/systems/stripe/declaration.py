"""Stripe, the payment provider: it owns what was paid, refunded and paid out.

API: https://docs.stripe.com/api

Know before you touch:
- There is no update filter: windows are read through events, which are kept for 30 days (`event_days` of the
  connection's extra fields says otherwise). A window that begins earlier reads every record made before its end.
- `changed_at` is the second of a record's latest event, for a record read by its key the second of that reading.
- Amounts are integers in the smallest unit of their currency, which is not always a hundredth; staging converts.
  `fee` and `net` are in the currency of the account.
- A transaction does not name its payout; an automatic payout lists its transactions, a manual one does not.
- Payments, refunds and payouts are never deleted; customers are, and a deleted one can still be read by its id.
- Records have no version: a hash of a customer's content guards its writes.
- All parts of an address are sent together, so that none is lost, whether Stripe merges or replaces them.
- The password of the connection is the key: a restricted one that may read, and write customers. Its prefix says
  whether it sees live or test data.
"""

from concord.contract import (
    ORDER_NAME,
    SHOP_REFUND,
    ChangedBetween,
    Field,
    Kind,
    PartOf,
    RateLimit,
    Resource,
    System,
    VendorRules,
    Writes,
)
from concord.protocols.session.auth import StaticToken
from concord.systems.stripe.account import ACCOUNT
from concord.systems.stripe.contained import TakenInto
from concord.systems.stripe.events import EventFeed, ThroughEvents
from concord.systems.stripe.form_writes import FormUpdates
from concord.systems.stripe.lists import AS_DAY, AS_SECOND, LastIdList

API_VERSION = "2026-10-28.endive"
EVENTS = LastIdList("/v1/events")
CUSTOMERS = LastIdList("/v1/customers")
CHARGE_EVENTS = tuple(
    f"charge.{word}" for word in ("succeeded", "pending", "failed", "captured", "expired", "refunded", "updated")
)
DISPUTE_EVENTS = {
    f"charge.dispute.{word}": "charge" for word in ("created", "closed", "funds_withdrawn", "funds_reinstated")
}
PAYOUT_EVENTS = tuple(
    f"payout.{word}" for word in ("created", "updated", "paid", "failed", "canceled", "reconciliation_completed")
)
CONTACT = frozenset(
    {"concord_id", "customer_name", "email", "phone", "street", "city", "postal_code", "country_code"}
)

SOURCE_ID = Field("id", "source_id", required=True)
CREATED_AT = Field("created", "created_at", Kind.TIMESTAMP, form=AS_SECOND)
CHANGED_AT = Field("_concord.changed", "changed_at", Kind.TIMESTAMP, required=True, form=AS_SECOND)
AMOUNT = Field("amount", "minor_amount", Kind.INTEGER)
CURRENCY = Field("currency", "currency_code")
TRANSACTION = Field("balance_transaction", "balance_transaction_source_id")
TRANSACTION_LINK = {TRANSACTION.name: "balance_transactions"}
PAYMENT_LINKS = {**TRANSACTION_LINK, "order_name": ORDER_NAME}
STAMPS = (CREATED_AT, CHANGED_AT)
CHANGES = ChangedBetween("changed_at", never_deletes=True)

customers = Resource(
    name="customers",
    entity="customer",
    links={},
    read=ThroughEvents(
        CUSTOMERS,
        EventFeed(EVENTS, ("customer.created", "customer.updated", "customer.deleted")),
        filters={"email": "email"},
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("name", "customer_name", is_personal=True),
        Field("email", "email", is_personal=True),
        Field("phone", "phone", is_personal=True),
        Field("address.line1", "street", is_personal=True),
        Field("address.city", "city", is_personal=True),
        Field("address.postal_code", "postal_code", is_personal=True),
        Field("address.country", "country_code"),
        Field("metadata.concord_id", "concord_id"),
        Field("deleted", "is_deleted", Kind.BOOLEAN),
        Field("_concord.hash", "content_hash"),
        *STAMPS,
    ),
    changes=ChangedBetween("changed_at", vanish_limit=0.1),
    deleted="is_deleted",
    writes=Writes(
        FormUpdates(CUSTOMERS, whole=frozenset({"address"})),
        update=CONTACT,
        guard="content_hash",
    ),
)

charges = Resource(
    name="charges",
    entity="payment",
    links={"customer_source_id": "customers", **PAYMENT_LINKS},
    read=ThroughEvents(
        LastIdList("/v1/charges"),
        EventFeed(EVENTS, CHARGE_EVENTS, through=DISPUTE_EVENTS),
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("customer", "customer_source_id"),
        Field("payment_intent", "payment_intent_source_id"),
        TRANSACTION,
        Field("metadata.order_name", "order_name"),
        AMOUNT,
        Field("amount_captured", "minor_captured_amount", Kind.INTEGER),
        Field("amount_refunded", "minor_refunded_amount", Kind.INTEGER),
        CURRENCY,
        Field("status", "charge_status"),
        Field("failure_code", "failure_code"),
        Field("paid", "is_paid", Kind.BOOLEAN),
        Field("captured", "is_captured", Kind.BOOLEAN),
        Field("refunded", "is_refunded", Kind.BOOLEAN),
        Field("disputed", "is_disputed", Kind.BOOLEAN),
        *STAMPS,
    ),
    changes=CHANGES,
)

refunds = Resource(
    name="refunds",
    entity="refund",
    links={"charge_source_id": "charges", "shop_refund_source_id": SHOP_REFUND, **PAYMENT_LINKS},
    read=ThroughEvents(
        LastIdList("/v1/refunds"),
        EventFeed(EVENTS, ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")),
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("charge", "charge_source_id"),
        Field("payment_intent", "payment_intent_source_id"),
        TRANSACTION,
        Field("metadata.order_name", "order_name"),
        Field("metadata.shop_refund_id", "shop_refund_source_id"),
        AMOUNT,
        CURRENCY,
        Field("status", "refund_status"),
        Field("reason", "refund_reason"),
        *STAMPS,
    ),
    changes=CHANGES,
)

read_payouts = ThroughEvents(LastIdList("/v1/payouts"), EventFeed(EVENTS, PAYOUT_EVENTS))
payouts = Resource(
    name="payouts",
    entity="payout",
    links=TRANSACTION_LINK,
    read=read_payouts,
    key="source_id",
    fields=(
        SOURCE_ID,
        TRANSACTION,
        AMOUNT,
        CURRENCY,
        Field("status", "payout_status"),
        Field("reconciliation_status", "reconciliation_status"),
        Field("failure_code", "failure_code"),
        Field("trace_id.value", "bank_reference"),
        Field("automatic", "is_automatic", Kind.BOOLEAN),
        Field("arrival_date", "arrival_date", Kind.DATE, form=AS_DAY),
        *STAMPS,
    ),
    changes=CHANGES,
)

balance_transactions = Resource(
    name="balance_transactions",
    entity="payout_transaction",
    links={"payout_source_id": PartOf("payouts")},
    read=TakenInto(LastIdList("/v1/balance_transactions"), read_payouts, "payout"),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("source", "origin_source_id"),
        Field("_concord.container", "payout_source_id"),
        Field("type", "transaction_type"),
        Field("reporting_category", "reporting_category"),
        AMOUNT,
        Field("fee", "minor_fee_amount", Kind.INTEGER),
        Field("net", "minor_net_amount", Kind.INTEGER),
        CURRENCY,
        Field("exchange_rate", "exchange_rate", Kind.DECIMAL),
        Field("status", "transaction_status"),
        Field("available_on", "available_at", Kind.TIMESTAMP, form=AS_SECOND),
        *STAMPS,
    ),
    changes=CHANGES,
)

SYSTEM = System(
    name="stripe",
    title="Stripe payments",
    connection="stripe_default",
    auth=StaticToken(),
    rate_limit=RateLimit(per_second=20, burst=20, concurrency=4),
    account=ACCOUNT,
    roles={"payments": 1},
    resources=(customers, charges, refunds, payouts, balance_transactions),
    owns="payments, refunds and payouts",
    api_version=API_VERSION,
    rules=VendorRules(
        headers={"Stripe-Version": API_VERSION},
        version_header="Stripe-Version",
        reasons=("error.message",),
        lock_codes=frozenset({"lock_timeout"}),
        refuses_before_acting=frozenset({429}),
        retry_header="Stripe-Should-Retry",
    ),
)
