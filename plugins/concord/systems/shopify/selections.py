"""What is selected below a field of a Shopify record, and the SQL that takes single values out of it."""

from concord.contract import Field, Form, Kind
from concord.protocols.graphql.nested import Nested

MONEY = "{shopMoney {amount currencyCode}}"
ORDER_LINES = Nested("Order", "lineItems", f"id sku quantity originalUnitPriceSet {MONEY}")
SHIPPED_LINES = Nested("Fulfillment", "fulfillmentLineItems", "quantity lineItem {id sku}")
SHIPMENTS = Nested(
    "FulfillmentOrder", "fulfillments", "id status displayStatus trackingInfo(first: 1) {company number}"
)
NESTED = (ORDER_LINES, SHIPPED_LINES, SHIPMENTS)
# These are lists and no connections: without `first` they are whole.
REFUNDS = f"refunds {{id createdAt totalRefundedSet {MONEY}}}"
FULFILLMENTS = (
    f"fulfillments {{id status createdAt trackingInfo {{company number}} {SHIPPED_LINES.selection(50)}}}"
)
AMOUNT = ("$.**.amount", Kind.DECIMAL)
QUANTITY = ("$.**.quantity", Kind.DECIMAL)
CREATED_AT = ("$[*].createdAt", Kind.TIMESTAMP)
ORDER_DOCUMENTS = (
    Field(
        "lineItems",
        "lines",
        Kind.JSON,
        select=ORDER_LINES.selection(50),
        members=(("$.nodes", Kind.JSON), QUANTITY, AMOUNT),
    ),
    Field("refunds", "refunds", Kind.JSON, select=REFUNDS, json_type="array", members=(AMOUNT, CREATED_AT)),
    Field(
        "fulfillments",
        "fulfillments",
        Kind.JSON,
        select=FULFILLMENTS,
        json_type="array",
        members=(("$[*].fulfillmentLineItems.nodes", Kind.JSON), QUANTITY, CREATED_AT),
    ),
)
AVAILABLE = Form(sql="({}::jsonb -> 0 ->> 'quantity')")


def shipped(name: str, path: str) -> Field:
    """The field that takes a value of the fulfillment that holds; those that were cancelled or failed do not."""
    live = '@.status != "CANCELLED" && @.status != "ERROR" && @.status != "FAILURE"'
    form = Form(sql=f"(jsonb_path_query_first({{}}::jsonb, '$.nodes[*] ? ({live}).{path}') #>> '{{{{}}}}')")
    return Field(
        "fulfillments", name, form=form, select=SHIPMENTS.selection(10), landed_as_json=True, json_type="object"
    )
