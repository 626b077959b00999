"""Shopify, the web shop: it owns the orders, and the names and e-mail addresses of customers.

API: https://shopify.dev/docs/api/admin-graphql

Know before you touch:
- Limits are counted in cost points per query; page sizes here keep each query below 1,000 of them.
- A version lives a year, then its calls are answered by a newer one without a word; the session notices.
- `updatedAt` moves for many silent reasons and the search index lags: windows overlap by ten minutes.
- Large windows are read by a bulk operation, of which the shop runs five at once; `bulk_read_above` in the
  connection's extra fields says what is large. Its file lies on another host, where no credentials go.
- A bulk query refuses connections below lists, so the items of fulfilments are asked for beside it.
- A fulfillment order is what leaves one location for an order. Taking a fulfillment back cancels it, and the
  shop makes a new fulfillment order for its goods; an event cannot be taken back.
- An order with more lines than one page holds says so in `lines.pageInfo.hasNextPage`.
- Writing `addresses` replaces them all, so the writer sends those back that it does not change.
- Stock is written by compare and set at one location; a shop with several needs `location_id` in the
  connection's extra fields.
"""

from concord.contract import ChangedBetween, Manners, Pace, Resource, Snapshot, System, Writes
from concord.fields import Field, Form, Kind
from concord.http.auth import ClientCredentials
from concord.http.graphql import GraphQLApi, LookedUp
from concord.http.shopify_bulk import BulkConnection
from concord.http.shopify_fulfillments import FulfillmentUpdates
from concord.http.shopify_writes import CustomerUpdates, PriceUpdates, QuantityUpdates

API_VERSION = "2026-10"
api = GraphQLApi("/admin/api/{version}/graphql.json", API_VERSION)
location = LookedUp("location_id", "locations")

SOURCE_ID = Field("id", "source_id", required=True)
UPDATED_AT = Field("updatedAt", "updated_at", Kind.TIMESTAMP, required=True)
LINES = (
    "lineItems(first: 50) {nodes {id sku quantity originalUnitPriceSet {shopMoney {amount currencyCode}}} "
    "pageInfo {hasNextPage}}"
)
REFUNDS = "refunds(first: 50) {id createdAt totalRefundedSet {shopMoney {amount currencyCode}}}"
FULFILLMENTS = (
    "fulfillments(first: 20) {id status createdAt trackingInfo(first: 5) {company number} "
    "fulfillmentLineItems(first: 50) {nodes {quantity lineItem {id sku}}}}"
)
SHIPPED = (
    "fulfillments(first: 10) {nodes {id status displayStatus trackingInfo(first: 1) {company number}} "
    "pageInfo {hasNextPage}}"
)
AVAILABLE = Form(sql="({}::jsonb -> 0 ->> 'quantity')")


def shipped(path: str) -> Form:
    """SQL for a value of the fulfillment that holds; those that were cancelled or failed do not."""
    live = '@.status != "CANCELLED" && @.status != "ERROR" && @.status != "FAILURE"'
    return Form(sql=f"(jsonb_path_query_first({{}}::jsonb, '$.nodes[*] ? ({live}).{path}') #>> '{{{{}}}}')")


customers = Resource(
    name="customers",
    read=BulkConnection(
        api, "customers", "Customer", searchable={"email": "email", "phone": "phone"}, counted="customersCount"
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("firstName", "first_name"),
        Field("lastName", "last_name"),
        Field("defaultEmailAddress.emailAddress", "email"),
        Field("defaultPhoneNumber.phoneNumber", "phone", write="phone"),
        Field("defaultAddress.company", "company_name"),
        Field("defaultAddress.address1", "street"),
        Field("defaultAddress.city", "city"),
        Field("defaultAddress.zip", "postal_code"),
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
    writes=Writes(PriceUpdates(api), update=frozenset({"price"}), guard="updated_at"),
)

inventory_levels = Resource(
    name="inventory_levels",
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
        ),
    ),
    changes=Snapshot(),
    writes=Writes(
        QuantityUpdates(api, location), update=frozenset({"available_quantity"}), guard="available_quantity"
    ),
)

orders = Resource(
    name="orders",
    read=BulkConnection(
        api, "orders", "Order", 25, searchable={"order_name": "name"}, counted="ordersCount", bulk_above=2_000
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("name", "order_name", required=True),
        Field("customer.id", "customer_source_id"),
        Field("email", "email"),
        Field("totalPriceSet.shopMoney.amount", "total_amount", Kind.DECIMAL),
        Field("currencyCode", "currency_code"),
        Field("test", "is_test", Kind.BOOLEAN),
        Field("displayFinancialStatus", "financial_status"),
        Field("displayFulfillmentStatus", "fulfillment_status"),
        Field("lineItems", "lines", Kind.JSON, select=LINES),
        Field("refunds", "refunds", Kind.JSON, select=REFUNDS),
        Field("fulfillments", "fulfillments", Kind.JSON, select=FULFILLMENTS),
        Field("createdAt", "created_at", Kind.TIMESTAMP),
        Field("cancelledAt", "cancelled_at", Kind.TIMESTAMP),
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at"),
)

fulfillment_orders = Resource(
    name="fulfillment_orders",
    read=BulkConnection(
        api, "fulfillmentOrders", "FulfillmentOrder", 50, always="includeClosed: true", counted="ordersCount"
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("orderId", "order_source_id", required=True),
        Field("orderName", "order_name", required=True),
        Field("status", "fulfillment_order_status"),
        Field("fulfillments", "fulfillment_source_id", form=shipped("id"), select=SHIPPED, landed_as_json=True),
        Field("fulfillments", "carrier_name", form=shipped("trackingInfo[0].company"), landed_as_json=True),
        Field("fulfillments", "tracking_number", form=shipped("trackingInfo[0].number"), landed_as_json=True),
        Field("fulfillments", "delivery_status", form=shipped("displayStatus"), landed_as_json=True),
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at"),
    writes=Writes(
        FulfillmentUpdates(api),
        update=frozenset({"carrier_name", "tracking_number", "delivery_status"}),
        guard="updated_at",
    ),
)

SYSTEM = System(
    name="shopify",
    title="Shopify web shop",
    connection="shopify_default",
    auth=ClientCredentials("/admin/oauth/access_token", header="X-Shopify-Access-Token", lifetime=86_399),
    pace=Pace(per_second=10, burst=20, concurrency=4),
    resources=(customers, products, inventory_levels, orders, fulfillment_orders),
    owns="orders, names and e-mail addresses of customers",
    api_version=API_VERSION,
    api_version_ends="2027-10-01",
    manners=Manners(version_header="X-Shopify-API-Version"),
)
