"""The scopes that the shop granted the app; without `read_all_orders` it sees no order older than sixty days."""

from collections.abc import Iterable
from datetime import timedelta

from sandbox.server.clock import to_datetime
from sandbox.server.queries import Where
from sandbox.server.store import Store

ALL = (
    *("read_customers", "write_customers", "read_orders", "read_all_orders", "write_products", "write_inventory"),
    *("read_merchant_managed_fulfillment_orders", "write_merchant_managed_fulfillment_orders"),
)
_TOPIC = "scopes"
_SEEN = timedelta(days=60)


def grant(store: Store, scopes: Iterable[str]) -> None:
    """From now on the app has these scopes."""
    store.note(_TOPIC, "granted", ",".join(scopes))


def granted(store: Store) -> list[str]:
    """The scopes that the app has; all of them until others are granted."""
    noted = store.noted(_TOPIC, "granted")
    return list(ALL) if noted is None else str(noted).split(",")


def restore(store: Store) -> None:
    """The app has all scopes again."""
    store.forget_notes(_TOPIC)


def orders_seen(store: Store, where: Where) -> Where:
    """The condition, and that an order is young enough for the app to see it."""
    if "read_all_orders" in granted(store):
        return where
    oldest = (to_datetime(store.clock.tick()) - _SEEN).isoformat()
    return where.and_("json_extract(body, '$.createdAt') >= ?", oldest)
