"""A shop that runs on django-oscar, declared as anybody would declare it.

API: https://django-oscar-api.readthedocs.io

Know before you touch:
- Nothing lists what changed; every read is a snapshot. Times carry the shop's own zone.
- A stock record has no id of its own in the lists. It lies in its product, and its address is its key.
- A product cannot be searched; one that may have been created is looked for in the whole list by its UPC.
- No precondition is taken: a record is looked at right before it is written.
"""

from concord.contract import Pace, Resource, Snapshot, System, Writes
from concord.fields import Field, Kind
from concord.http.auth import StaticToken
from concord.http.rest import Paging, RestList
from concord.http.rest_writes import RestWrites

ADMIN = "/api/admin"


def listing(path: str, **more: str) -> RestList:
    """The form that all of its lists have."""
    lookup = {more.pop("scanned"): ""} if "scanned" in more else {}
    return RestList(
        f"{ADMIN}{path}", "results", Paging.URL, size=50, size_parameter="limit", lookup=lookup, **more
    )


products = Resource(
    name="products",
    read=listing("/products/", one=f"{ADMIN}/products/{{key}}/", scanned="product_code"),
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
        RestWrites(f"{ADMIN}/products/{{key}}/", f"{ADMIN}/products/", constants={"product_class": "goods"}),
        update=frozenset({"product_code", "product_name"}),
        create=frozenset({"product_code", "product_name", "slug"}),
        guard="updated_at",
        find_by="product_code",
    ),
)

stock = Resource(
    name="stock",
    read=listing("/products/", within="stockrecords", one="{key}"),
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
        RestWrites("{key}", created="url"),
        update=frozenset({"price_amount", "stock_quantity"}),
        guard="updated_at",
    ),
)

users = Resource(
    name="users",
    read=listing("/users/", one=f"{ADMIN}/users/{{key}}/"),
    key="source_id",
    changes=Snapshot(),
    fields=(
        Field("id", "source_id", required=True),
        Field("username", "customer_code", required=True),
        Field("email", "email"),
        Field("first_name", "first_name"),
        Field("last_name", "last_name"),
        Field("date_joined", "created_at", Kind.TIMESTAMP),
    ),
)

orders = Resource(
    name="orders",
    read=listing("/orders/", scanned="source_id"),
    key="source_id",
    changes=Snapshot(),
    fields=(
        Field("number", "source_id", required=True),
        Field("owner", "customer_url"),
        Field("currency", "currency_code", required=True),
        Field("total_incl_tax", "total_amount", Kind.DECIMAL, required=True),
        Field("status", "order_state"),
        Field("date_placed", "placed_at", Kind.TIMESTAMP, required=True),
    ),
)

SYSTEM = System(
    name="oscar",
    title="Oscar shop",
    connection="oscar_default",
    auth=StaticToken(prefix="Token "),
    pace=Pace(per_second=10, burst=10, concurrency=2),
    resources=(products, stock, users, orders),
)
