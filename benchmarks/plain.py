"""The declaration of the sandbox's plain list, which the benchmarks read."""

from collections.abc import Mapping
from datetime import UTC, datetime

from concord.contract import ChangedBetween, Field, Kind, RateLimit, Resource, Session, System, Window
from concord.protocols.rest import PageNumber, RestList

SIZE = 1000


class NoLogin:
    """The list needs no login."""

    def headers(self, session: Session) -> Mapping[str, str]:
        return {}

    def refresh(self, session: Session, refused: Mapping[str, str]) -> None:
        return None


TEXTS = (
    "name", "email", "currency", "financial_status", "fulfillment_status", "tags", "note", "source_name",
    "confirmation_number",
)  # fmt: skip
CUSTOMER = ("first_name", "last_name", "email", "phone", "address.street", "address.city", "address.zip")

records = Resource(
    name="records",
    read=RestList("/records", records="records", pages=PageNumber(size_param="size", size=SIZE, next="next")),
    key="source_id",
    changes=ChangedBetween("updated_at"),
    fields=(
        Field("id", "source_id", required=True),
        *(Field(name, name) for name in TEXTS),
        *(Field(name, name, Kind.DECIMAL) for name in ("total_price", "subtotal_price", "total_tax")),
        *(Field(name, name, Kind.TIMESTAMP) for name in ("created_at", "updated_at", "cancelled_at")),
        Field("test", "is_test", Kind.BOOLEAN),
        Field("location_id", "location_source_id", Kind.INTEGER),
        Field("customer.id", "customer_source_id"),
        *(Field(f"customer.{path}", f"customer_{path.split('.')[-1]}") for path in CUSTOMER),
        Field("lines", "lines", Kind.JSON),
    ),
)

PLAIN = System(
    name="plain",
    title="Plain list",
    connection="plain_default",
    auth=NoLogin(),
    rate_limit=RateLimit(per_second=1e6, burst=1000),
    resources=(records,),
)

EVERYTHING = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
