"""The shop's collections: how their ids sort, and by which values they can be searched."""

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.records import Collection, Record

_GID = "gid://shopify/"
GID_TYPES = {
    "Customer": "customers",
    "Product": "products",
    "ProductVariant": "product_variants",
    "InventoryItem": "inventory_items",
    "Order": "orders",
    "FulfillmentOrder": "fulfillment_orders",
    "Location": "locations",
    "DeletionEvent": "deletion_events",
}
TYPE_OF = {collection: name for name, collection in GID_TYPES.items()}


def number_of(gid: str) -> int:
    """The number at the end of a global id, or a bare number; -1, which no record has, for any other text."""
    tail = gid.rsplit("/", 1)[-1].split("?", 1)[0]
    return int(tail) if tail.isdecimal() else -1


def gid(type_name: str, number: int) -> str:
    """The global id of a record."""
    return f"{_GID}{type_name}/{number}"


def collection_of(record_id: str) -> str | None:
    """The collection a global id points into."""
    if not record_id.startswith(_GID):
        return None
    return GID_TYPES.get(record_id.removeprefix(_GID).split("/", 1)[0])


def stamp(micros: int) -> str:
    """A stamp as the API shows it."""
    return (
        to_datetime(micros)
        .isoformat(timespec="microseconds" if micros % 1_000_000 else "seconds")
        .replace("+00:00", "Z")
    )


def email_of(customer: Record) -> str | None:
    """The customer's e-mail address."""
    return (customer.get("defaultEmailAddress") or {}).get("emailAddress")


def phone_of(customer: Record) -> str | None:
    """The customer's phone number."""
    return (customer.get("defaultPhoneNumber") or {}).get("phoneNumber")


def _stamp_of(record: Record) -> int:
    return to_micros(record.get("updatedAt") or "1970-01-01T00:00:00Z")


def _collection(collection: str, /, **lookups: object) -> Collection:
    return Collection(collection, "id", "updatedAt", number_of, _stamp_of, lookups)  # type: ignore[arg-type]


COLLECTIONS = (
    _collection("customers", email=email_of, phone=phone_of),
    _collection("products", title=lambda record: record.get("title")),
    _collection(
        "product_variants",
        sku=lambda record: record.get("sku"),
        product=lambda record: (record.get("product") or {}).get("id"),
        inventory_item=lambda record: (record.get("inventoryItem") or {}).get("id"),
    ),
    _collection("inventory_items", sku=lambda record: record.get("sku")),
    _collection(
        "orders",
        name=lambda record: record.get("name"),
        email=lambda record: record.get("email"),
        customer_id=lambda record: str(number_of((record.get("customer") or {}).get("id") or "")),
    ),
    _collection(
        "fulfillment_orders",
        order=lambda record: str(number_of(record.get("orderId") or "")),
        name=lambda record: record.get("orderName"),
    ),
    _collection("locations", name=lambda record: record.get("name")),
    _collection("deletion_events", subject=lambda record: record.get("subjectId")),
)


def prepared(collection: str, record: Record) -> Record:
    """A record of a load file as it is stored: connections are plain lists."""
    if collection == "customers" and record.get("defaultAddress"):
        address_id = f"{gid('MailingAddress', number_of(record['id']))}?model_name=CustomerAddress"
        record = {**record, "defaultAddress": {"id": address_id, **record["defaultAddress"]}}
    elif collection == "orders":
        lines = record.get("lineItems") or []
        record = {**record, "lineItems": lines.get("nodes", []) if isinstance(lines, dict) else lines}
    elif collection == "inventory_items":
        record = _with_levels(dict(record))
    elif collection == "locations":
        record = {"updatedAt": "1970-01-01T00:00:00Z", "isActive": True, **record}
    elif collection == "deletion_events":
        record = {**record, "updatedAt": record["occurredAt"]}
    return record


def _with_levels(record: Record) -> Record:
    single = record.pop("inventoryLevel", None)
    levels = record.get("inventoryLevels") or ([single] if single else [])
    if isinstance(levels, dict):
        levels = levels.get("nodes", [])
    number = number_of(record["id"])
    record["inventoryLevels"] = [
        {
            "id": f"{gid('InventoryLevel', number)}?inventory_item_id={number}",
            "updatedAt": record["updatedAt"],
            **level,
        }
        for level in levels
    ]
    return record
