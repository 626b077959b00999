"""A shop that runs on django-oscar: it owns its customers' names and addresses, and the orders.

Prices, stock and names of articles are written; the ERP owns them.

API: https://django-oscar-api.readthedocs.io

Know before you touch:
- Nothing lists what changed; every read is a snapshot. Times carry the shop's own zone.
- A stock record has no id of its own in the lists. It lies in its product, and its address is its key.
- A product cannot be searched; one that may have been created is looked for in the whole list by its UPC.
- No precondition is taken: a record is looked at right before it is written.
"""

from concord.contract import (
    ORDER_NAME,
    SKU,
    Field,
    Form,
    Kind,
    RateLimit,
    Resource,
    Snapshot,
    System,
    VendorRules,
    Writes,
)
from concord.protocols.rest import Create, Offset, ResponsePaths, RestList, RestWrites, SingleRecord, Update
from concord.protocols.session.auth import StaticToken

ADMIN = "/api/admin"
# Its links count, so that the offset is counted here, where a record that moved up is noticed.
PAGES = Offset(size_param="limit", size=50, total="count")
# A customer is given by the address of its record, which ends with its key.
KEY_IN_ADDRESS = Form(sql="substring({} from '([0-9]+)/?$')")
PRODUCTS, PRODUCT = f"{ADMIN}/products/", f"{ADMIN}/products/{{key}}/"


products = Resource(
    name="products",
    entity="product",
    links={"product_code": SKU},
    read=RestList(
        PRODUCTS, PAGES, records="results", single=SingleRecord(PRODUCT), scan=frozenset({"product_code"})
    ),
    key="source_id",
    changes=Snapshot(),
    fields=(
        Field("id", "source_id", required=True),
        Field("upc", "product_code"),
        Field("title", "product_name", required=True),
        Field("slug", "slug"),
        Field("is_public", "is_public", Kind.BOOLEAN),
        Field("date_created", "created_at", Kind.TIMESTAMP),
        Field("date_updated", "updated_at", Kind.TIMESTAMP, required=True),
    ),
    writes=Writes(
        RestWrites(update=Update(PRODUCT), create=Create(PRODUCTS, constants={"product_class": "goods"})),
        update=frozenset({"product_code", "product_name"}),
        create=frozenset({"product_code", "product_name", "slug"}),
        guard="updated_at",
        natural_key=("product_code",),
    ),
)

stock = Resource(
    name="stock",
    entity="inventory_level",
    links={},
    read=RestList(PRODUCTS, PAGES, records="results", within="stockrecords", single=SingleRecord("{key}")),
    key="source_id",
    changes=Snapshot(),
    fields=(
        Field("url", "source_id", required=True),
        Field("partner_sku", "product_code", required=True),
        Field("price", "price_amount", Kind.DECIMAL),
        Field("price_currency", "currency_code"),
        Field("num_in_stock", "stock_quantity", Kind.INTEGER),
        Field("date_updated", "updated_at", Kind.TIMESTAMP, required=True),
    ),
    writes=Writes(
        RestWrites(update=Update("{key}"), response=ResponsePaths(key="url")),
        update=frozenset({"price_amount", "stock_quantity"}),
        guard="updated_at",
    ),
)

users = Resource(
    name="users",
    entity="customer",
    links={},
    read=RestList(f"{ADMIN}/users/", PAGES, records="results", single=SingleRecord(f"{ADMIN}/users/{{key}}/")),
    key="source_id",
    changes=Snapshot(),
    fields=(
        Field("id", "source_id", required=True),
        Field("username", "customer_code", required=True),
        Field("email", "email", is_personal=True),
        Field("first_name", "first_name", is_personal=True),
        Field("last_name", "last_name", is_personal=True),
        Field("date_joined", "created_at", Kind.TIMESTAMP),
        Field("is_staff", "is_staff", Kind.BOOLEAN),
    ),
)

orders = Resource(
    name="orders",
    entity="order",
    links={"source_id": ORDER_NAME, "customer_source_id": "users"},
    read=RestList(f"{ADMIN}/orders/", PAGES, records="results", scan=frozenset({"source_id"})),
    key="source_id",
    changes=Snapshot(),
    fields=(
        Field("number", "source_id", required=True),
        Field("owner", "customer_source_id", form=KEY_IN_ADDRESS),
        Field("currency", "currency_code", required=True),
        Field("total_incl_tax", "total_amount", Kind.DECIMAL, required=True),
        Field("status", "order_state"),
        Field("date_placed", "placed_at", Kind.TIMESTAMP, required=True),
    ),
)

SYSTEM = System(
    name="oscar",
    title="Oscar shop",
    owns="customers, orders",
    roles={"shop": 1},
    connection="oscar_default",
    auth=StaticToken(prefix="Token "),
    rate_limit=RateLimit(per_second=10, burst=10, concurrency=2),
    resources=(products, stock, users, orders),
    rules=VendorRules(refuses_before_acting=frozenset({429})),
)
