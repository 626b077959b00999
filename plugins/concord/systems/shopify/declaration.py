"""Shopify, the web shop: it owns the orders, and the names and e-mail addresses of customers.

API: https://shopify.dev/docs/api/admin-graphql

Know before you touch:
- Limits are counted in cost points per query; page sizes here keep each query below 1,000 of them.
- An API version lives a year, then its calls are served by a newer one; the session warns of that.
- `updatedAt` also moves when nothing that we read has changed, and the search index lags: windows overlap by ten
  minutes.
- Large windows are read by a bulk operation, of which the shop runs five at once; `bulk_read_above` in the
  connection's extra fields says what is large. Its file lies on another host, which gets no credentials.
- A bulk query refuses connections below lists, so the items of fulfillments are looked up by id.
- A fulfillment order is what leaves one location for an order. Taking a fulfillment back cancels it, and the
  shop makes a new fulfillment order for its goods; an event cannot be taken back.
- Deletions are not reported. The keys of customers and products are listed every night, those of orders and
  fulfillment orders, which are many and seldom deleted, every seven nights.
- Writing `addresses` replaces them all, so an address is changed by itself, and all else of it is sent as it is.
- Stock is written at one location, where the shop compares it with the guard; a shop with several locations needs
  `location_id` in the connection's extra fields.
"""

from concord.contract import (
    ORDER_NAME,
    SHOP_REFUND,
    SKU,
    TRACKING_NUMBER,
    ChangedBetween,
    Field,
    Kind,
    Listed,
    RateLimit,
    Resource,
    Snapshot,
    System,
    VendorRules,
    Writes,
)
from concord.protocols.graphql.api import GraphQLApi
from concord.protocols.graphql.connections import OnlyRecord
from concord.protocols.session.auth import ClientCredentials
from concord.systems.shopify.account import ACCOUNT
from concord.systems.shopify.bulk_reading import BulkConnection
from concord.systems.shopify.fulfillments import FulfillmentUpdates
from concord.systems.shopify.graphql import RULES
from concord.systems.shopify.selections import AVAILABLE, ORDER_DOCUMENTS, shipped
from concord.systems.shopify.shipped import PARCELS, UNSHIPPED_ORDERS
from concord.systems.shopify.writes import CustomerUpdates, PriceUpdates, QuantityUpdates

API_VERSION = "2026-10"
api = GraphQLApi("/admin/api/{version}/graphql.json", API_VERSION, RULES)
location = OnlyRecord("location_id", "locations")

SOURCE_ID = Field("id", "source_id", required=True)
UPDATED_AT = Field("updatedAt", "updated_at", Kind.TIMESTAMP, required=True)
PRICE, STOCK = frozenset({"price"}), frozenset({"available_quantity"})

customers = Resource(
    name="customers",
    entity="customer",
    links={},
    read=BulkConnection(
        api, "customers", "Customer", searchable={"email": "email", "phone": "phone"}, counted="customersCount"
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("firstName", "first_name", is_personal=True),
        Field("lastName", "last_name", is_personal=True),
        Field("defaultEmailAddress.emailAddress", "email", is_personal=True),
        Field("defaultPhoneNumber.phoneNumber", "phone", write="phone", is_personal=True),
        Field("defaultAddress.company", "company_name", is_personal=True),
        Field("defaultAddress.address1", "street", is_personal=True),
        Field("defaultAddress.city", "city", is_personal=True),
        Field("defaultAddress.zip", "postal_code", is_personal=True),
        Field("defaultAddress.countryCodeV2", "country_code", write="countryCode"),
        Field("createdAt", "created_at", Kind.TIMESTAMP),
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1),
    writes=Writes(
        CustomerUpdates(api),
        update=frozenset({"phone", "company_name", "street", "city", "postal_code", "country_code"}),
        guard="updated_at",
    ),
)

products = Resource(
    name="products",
    entity="product",
    links={"sku": SKU},
    read=BulkConnection(
        api, "productVariants", "ProductVariant", searchable={"sku": "sku"}, counted="productVariantsCount"
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("sku", "sku"),
        Field("price", "price", Kind.DECIMAL),
        Field("product.title", "product_name"),
        Field("product.id", "product_source_id"),
        Field("product.status", "product_status"),
        Field("inventoryItem.id", "inventory_item_source_id"),
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1),
    writes=Writes(PriceUpdates(api), update=PRICE, guard="updated_at", never_empty=PRICE),
)

inventory_levels = Resource(
    name="inventory_levels",
    entity="inventory_level",
    links={},
    read=BulkConnection(
        api,
        "inventoryItems",
        "InventoryItem",
        size=200,
        searchable={"sku": "sku"},
        arguments={"inventoryLevel": "(locationId: $location)"},
        variables={"location": location},
        counted="productVariantsCount",
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("sku", "sku"),
        Field("inventoryLevel.location.id", "location_source_id"),
        Field(
            "inventoryLevel.quantities",
            "available_quantity",
            Kind.INTEGER,
            form=AVAILABLE,
            select='quantities(names: ["available"]) {name quantity updatedAt}',
            landed_as_json=True,
            json_type="array",
        ),
    ),
    changes=Snapshot(),
    writes=Writes(QuantityUpdates(api, location), update=STOCK, guard="available_quantity", never_empty=STOCK),
)

orders = Resource(
    name="orders",
    entity="order",
    links={
        "customer_source_id": "customers",
        "order_name": ORDER_NAME,
        "refunds": Listed("$[*].id", SHOP_REFUND),
        "fulfillments": Listed("$[*].trackingInfo[*].number", TRACKING_NUMBER),
    },
    offers={"parcels": PARCELS, "unshipped_orders": UNSHIPPED_ORDERS},
    read=BulkConnection(
        api, "orders", "Order", 25, searchable={"order_name": "name"}, counted="ordersCount", bulk_above=2_000
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("name", "order_name", required=True),
        Field("customer.id", "customer_source_id"),
        Field("email", "email", is_personal=True),
        Field("totalPriceSet.shopMoney.amount", "total_amount", Kind.DECIMAL),
        Field("currencyCode", "currency_code"),
        Field("test", "is_test", Kind.BOOLEAN),
        Field("displayFinancialStatus", "financial_status"),
        Field("displayFulfillmentStatus", "fulfillment_status"),
        *ORDER_DOCUMENTS,
        Field("createdAt", "created_at", Kind.TIMESTAMP),
        Field("cancelledAt", "cancelled_at", Kind.TIMESTAMP),
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1, list_every=7),
)

fulfillment_orders = Resource(
    name="fulfillment_orders",
    entity="shipment",
    links={"order_source_id": "orders", "order_name": ORDER_NAME, "tracking_number": TRACKING_NUMBER},
    read=BulkConnection(
        api, "fulfillmentOrders", "FulfillmentOrder", 50, always="includeClosed: true", counted="ordersCount"
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("orderId", "order_source_id", required=True),
        Field("orderName", "order_name", required=True),
        Field("status", "fulfillment_order_status"),
        shipped("fulfillment_source_id", "id"),
        shipped("carrier_name", "trackingInfo[0].company"),
        shipped("tracking_number", "trackingInfo[0].number"),
        shipped("delivery_status", "displayStatus"),
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1, list_every=7),
    writes=Writes(
        FulfillmentUpdates(api),
        update=frozenset({"carrier_name", "tracking_number", "delivery_status"}),
        never_empty=frozenset({"delivery_status"}),
        guard="updated_at",
    ),
)

SYSTEM = System(
    name="shopify",
    title="Shopify web shop",
    connection="shopify_default",
    auth=ClientCredentials("/admin/oauth/access_token", header="X-Shopify-Access-Token", lifetime=86_399),
    rate_limit=RateLimit(per_second=10, burst=20, concurrency=4),
    account=ACCOUNT,
    resources=(customers, products, inventory_levels, orders, fulfillment_orders),
    owns="orders, names and e-mail addresses of customers",
    roles={"shop": 1},
    api_version=API_VERSION,
    api_version_ends="2027-10-01",
    rules=VendorRules(
        version_header="X-Shopify-API-Version",
        version_option="api_version",
        reasons=("errors.message", "errors"),
        refuses_before_acting=frozenset({429}),
    ),
)
