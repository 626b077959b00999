"""Tryton, the ERP: it owns addresses, company names, products, prices, stock and the state of orders.

API: https://docs.tryton.org/latest/server/ref/protocols.html (JSON-RPC; tried with 8.2)

Know before you touch:
- Keys are numbers per model; `_timestamp` of a record is what its `write_date` or `create_date` was, and the
  guard of every write. Users deactivate records (`active` false) instead of deleting them; real deletions leave
  no trace.
- A change of an address or contact mechanism does not move the stamp of its party, a change of price or name
  moves that of the template and not of the product, and a stock movement moves neither.
- Without a company in the context prices read as empty, and without a location stock reads as zero, without any
  error. The reader takes the company of the user, or `company` of extra, which also names the `database`.
- Tryton checks no e-mails or phones. No create is idempotent; only the code of a party is unique.
"""

from concord.contract import (
    ORDER_NAME,
    SKU,
    ChangedBetween,
    Field,
    Kind,
    RateLimit,
    Resource,
    Snapshot,
    System,
    Writes,
)
from concord.systems.tryton.account import ACCOUNT
from concord.systems.tryton.login import new_login
from concord.systems.tryton.rpc import TrytonSearch
from concord.systems.tryton.values import AS_BOOLEAN, AS_DATE, AS_KEY, AS_LINES, AS_MOMENT, latest_moment
from concord.systems.tryton.writes import TrytonRpc

DONE = "select reference as order_name from {table} where sale_state = 'done' and not _is_deleted"
SOURCE_ID = Field("id", "source_id", required=True)
IS_ACTIVE = Field("active", "is_active", Kind.BOOLEAN, form=AS_BOOLEAN)
LOCK_STAMP = Field("_timestamp", "lock_stamp")
CHANGED_AT = Field("_timestamp", "changed_at", Kind.TIMESTAMP, required=True, form=AS_MOMENT)
STATE = (IS_ACTIVE, LOCK_STAMP, CHANGED_AT)
PARTY = Field("party", "party_source_id", required=True, form=AS_KEY)
COUNTRY = Field(r"country\..code", "country_code", select="country.code", write="country")

PLACE = frozenset({"street", "city", "postal_code", "country_code"})
CHANGES = ChangedBetween("changed_at", vanish_limit=0.1)


parties = Resource(
    name="parties",
    entity="customer",
    links={},
    read=TrytonSearch("party.party"),
    key="source_id",
    fields=(SOURCE_ID, Field("name", "party_name", is_personal=True), Field("code", "party_code"), *STATE),
    changes=CHANGES,
    writes=Writes(
        TrytonRpc("party.party"),
        update=frozenset({"party_name"}),
        create=frozenset({"party_name", "party_code"}),
        guard="lock_stamp",
        natural_key=("party_code",),
    ),
)

addresses = Resource(
    name="addresses",
    entity="customer_part",
    links={"party_source_id": "parties"},
    entity_key="address_source_id",
    read=TrytonSearch("party.address"),
    key="source_id",
    fields=(
        SOURCE_ID,
        PARTY,
        Field("street", "street", is_personal=True),
        Field("city", "city", is_personal=True),
        Field("postal_code", "postal_code", is_personal=True),
        COUNTRY,
        *STATE,
    ),
    changes=CHANGES,
    writes=Writes(
        TrytonRpc("party.address", look_ups={"country_code": ("country.country", "code")}),
        update=PLACE,
        create=PLACE | {"party_source_id"},
        guard="lock_stamp",
        natural_key=("party_source_id", "street", "city", "postal_code", "country_code"),
    ),
)

contact_mechanisms = Resource(
    name="contact_mechanisms",
    entity="customer_part",
    links={"party_source_id": "parties"},
    read=TrytonSearch("party.contact_mechanism"),
    key="source_id",
    fields=(
        SOURCE_ID,
        PARTY,
        Field("type", "mechanism_type"),
        Field("value", "mechanism_value", is_personal=True),
        *STATE,
    ),
    changes=CHANGES,
    writes=Writes(
        TrytonRpc("party.contact_mechanism"),
        update=frozenset({"mechanism_value"}),
        never_empty=frozenset({"mechanism_value"}),
        create=frozenset({"party_source_id", "mechanism_type", "mechanism_value"}),
        guard="lock_stamp",
        natural_key=("party_source_id", "mechanism_type", "mechanism_value"),
    ),
)

products = Resource(
    name="products",
    entity="product",
    links={"sku": SKU},
    read=TrytonSearch("product.product", also=("template",)),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("code", "sku"),
        Field(r"template\..name", "product_name", select="template.name"),
        Field(r"template\..list_price.decimal", "list_price", Kind.DECIMAL, select="template.list_price"),
        Field("default_uom", "unit_source_id"),
        IS_ACTIVE,
        Field(r"template\.._timestamp", "template_stamp", select="template._timestamp"),
        Field("_timestamp", "changed_at", Kind.TIMESTAMP, required=True, form=latest_moment("template_stamp")),
    ),
    changes=CHANGES,
)

stock_levels = Resource(
    name="stock_levels",
    entity="inventory_level",
    links={},
    read=TrytonSearch("product.product", has_stock=True),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("code", "sku"),
        Field("quantity", "on_hand_quantity", Kind.DECIMAL),
    ),
    changes=Snapshot(),
)

sales = Resource(
    name="sales",
    entity="order",
    links={"party_source_id": "parties", "reference": ORDER_NAME},
    offers={"done_orders": DONE},
    read=TrytonSearch("sale.sale", size=200),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("number", "sale_number"),
        Field("reference", "reference"),
        Field("party", "party_source_id", form=AS_KEY),
        Field("invoice_address", "invoice_address_source_id", form=AS_KEY),
        Field("shipment_address", "shipment_address_source_id", form=AS_KEY),
        Field("state", "sale_state"),
        Field(r"currency\..code", "currency_code", select="currency.code"),
        Field("total_amount.decimal", "total_amount", Kind.DECIMAL, select="total_amount"),
        Field("sale_date", "sale_date", Kind.DATE, form=AS_DATE, landed_as_json=True, json_type="object"),
        Field(
            r"lines\.",
            "lines",
            Kind.JSON,
            form=AS_LINES,
            select="lines.product, lines.unit, lines.quantity, lines.unit_price",
            write="lines",
            numbers=("quantity", "unit_price"),
        ),
        LOCK_STAMP,
        CHANGED_AT,
    ),
    changes=CHANGES,
    writes=Writes(
        TrytonRpc(
            "sale.sale",
            steps=(("draft", "quote"), ("quotation", "confirm")),
            state="sale_state",
            needs_currency=True,
        ),
        create=frozenset(
            {
                "reference",
                "party_source_id",
                "invoice_address_source_id",
                "shipment_address_source_id",
                "sale_date",
                "lines",
            }
        ),
        guard="lock_stamp",
        natural_key=("reference",),
    ),
)

SYSTEM = System(
    name="tryton",
    title="Tryton ERP",
    connection="tryton_default",
    auth=new_login(),
    rate_limit=RateLimit(per_second=50, burst=20, concurrency=2),
    account=ACCOUNT,
    resources=(parties, addresses, contact_mechanisms, products, stock_levels, sales),
    owns="addresses, company names, products, prices, stock, the state of orders",
    roles={"erp": 1},
    api_version="8.2",
)
