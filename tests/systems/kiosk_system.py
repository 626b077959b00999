"""A shop that speaks GraphQL, declared as a new system would be; its server is `kiosk_server.py`.

Know before you touch:
- Every list is paged in another way; that of orders may be an error itself.
- Filters of moments leave out the moment they name; customers count it in milliseconds.
- Prices are counted in the smallest unit of their currency, which has none, two or three decimal places.
- An address is replaced as a whole, so all of it is read before a part of it is written.
- A sale takes from the stock of a product and does not move its stamp.
- A session that ended is told with status 200 and the code FORBIDDEN.
"""

from concord.contract import (
    ChangedBetween,
    Field,
    Kind,
    LoginEnded,
    RateLimit,
    Resource,
    Snapshot,
    System,
    VendorRules,
    Writes,
)
from concord.protocols.graphql import (
    GraphQLApi,
    GraphQLList,
    GraphQLRules,
    GraphQLWrites,
    Mutating,
    Result,
    SingleNode,
)
from concord.protocols.moments import FROM_MILLISECONDS, MILLISECOND, in_milliseconds
from concord.protocols.money import minor_units
from concord.protocols.paging.counted_pagers import Offset, PageNumber
from concord.protocols.paging.pagers import Cursor
from concord.protocols.paging.windows import WindowParams
from concord.protocols.session.auth import InHeader, LoginCall, TokenLogin

API = GraphQLApi("/graphql", "", GraphQLRules(conflict_codes=frozenset({"STALE", "NOT_FOUND"})))
PROBLEM = ("Problem",)
LOGIN = LoginCall(
    "/graphql",
    body={
        "query": "mutation($user: String!, $word: String!) {login(username: $user, password: $word) {__typename}}",
        "variables": {"user": "{login}", "word": "{password}"},
    },
)
SOURCE_ID = Field("id", "source_id", required=True)
VERSION = Field("version", "version", Kind.INTEGER)
CURRENCY = Field("currencyCode", "currency_code")
PRODUCT = Result("Product", PROBLEM, code="errorCode")


def new_login() -> TokenLogin:
    """The token comes in a header of the response."""
    return TokenLogin(LOGIN, InHeader("kiosk-auth-token"))


products = Resource(
    name="products",
    read=GraphQLList(
        API,
        "products",
        Offset(param="options.skip", size_param="options.take", size=50, total="totalItems"),
        records="items",
        arguments={"options": "ProductOptions"},
        window=WindowParams(
            "options.filter.updatedAt.after",
            "options.filter.updatedAt.before",
            precision=MILLISECOND,
            excludes_start=True,
        ),
        single=SingleNode("product"),
        lookup={"sku": "options.filter.sku.in[]"},
    ),
    key="source_id",
    changes=ChangedBetween("updated_at", vanish_limit=0.1, volatile=frozenset({"on_hand_quantity"})),
    fields=(
        SOURCE_ID,
        VERSION,
        Field("onHand", "on_hand_quantity", Kind.INTEGER),
        Field("name", "product_name", required=True),
        Field("sku", "sku"),
        Field("price", "price_amount", Kind.DECIMAL, form=minor_units("currency_code")),
        CURRENCY,
        Field("enabled", "is_enabled", Kind.BOOLEAN),
        Field("updatedAt", "updated_at", Kind.TIMESTAMP, required=True),
    ),
    writes=Writes(
        GraphQLWrites(
            API,
            update=Mutating(
                "updateProduct",
                {"input": "UpdateProductInput!"},
                key="input.id",
                guard="input.version",
                result=PRODUCT,
            ),
            create=Mutating(
                "createProduct",
                {"input": "CreateProductInput!", "requestId": "String!"},
                change_id="requestId",
                result=PRODUCT,
            ),
        ),
        update=frozenset({"product_name", "price_amount", "is_enabled"}),
        create=frozenset({"product_name", "sku", "price_amount", "currency_code"}),
        guard="version",
        natural_key=("sku",),
        never_empty=frozenset({"price_amount", "is_enabled"}),
    ),
)

customers = Resource(
    name="customers",
    read=GraphQLList(
        API,
        "customers",
        PageNumber(size_param="perPage", size=40, more="paging.more"),
        records="data",
        arguments={
            "page": "Int!",
            "perPage": "Int!",
            "changedAfter": "Float",
            "changedBefore": "Float",
            "email": "String",
        },
        window=WindowParams(
            "changedAfter", "changedBefore", in_milliseconds, precision=MILLISECOND, excludes_start=True
        ),
        single=SingleNode(
            "customer",
            result=Result("Customer", PROBLEM, code="errorCode"),
            absent=frozenset({"NOT_FOUND"}),
        ),
        lookup={"email": "email"},
    ),
    key="source_id",
    changes=ChangedBetween("updated_at", vanish_limit=0.1),
    fields=(
        SOURCE_ID,
        VERSION,
        Field("email", "email", is_personal=True),
        Field("fullName", "full_name", is_personal=True),
        Field("address.street", "street", is_personal=True),
        Field("address.city", "city", is_personal=True),
        Field("changed", "updated_at", Kind.TIMESTAMP, required=True, form=FROM_MILLISECONDS),
    ),
    writes=Writes(
        GraphQLWrites(
            API,
            update=Mutating(
                "updateCustomer",
                {"id": "ID!", "input": "CustomerInput!"},
                key="id",
                kept={"address": "address {street city zip province}"},
                record="customer",
                result=Result(errors="problems", code="errorCode"),
            ),
        ),
        update=frozenset({"full_name", "street", "city"}),
        guard="version",
        never_empty=frozenset({"full_name"}),
    ),
)

orders = Resource(
    name="orders",
    read=GraphQLList(
        API,
        "orders",
        Offset(size_param="limit", size=50, total="count"),
        records="nodes",
        arguments={"limit": "Int!", "offset": "Int!"},
        scan=frozenset({"source_id"}),
        result=Result("OrderList", PROBLEM, code="errorCode"),
    ),
    key="source_id",
    changes=Snapshot(),
    fields=(
        SOURCE_ID,
        Field("code", "order_name", required=True),
        Field("total", "total_amount", Kind.DECIMAL, form=minor_units("currency_code")),
        CURRENCY,
        Field("updatedAt", "updated_at", Kind.TIMESTAMP),
    ),
)

stock = Resource(
    name="stock",
    read=GraphQLList(
        API,
        "stockLevels",
        Cursor("lastKey", "startKey", size_param="limit", size=50),
        records="edges",
        node="node",
        arguments={"limit": "Int!", "startKey": "String"},
        scan=frozenset({"source_id"}),
    ),
    key="source_id",
    changes=Snapshot(),
    fields=(SOURCE_ID, Field("sku", "sku"), Field("onHand", "stock_quantity", Kind.INTEGER)),
    writes=Writes(
        GraphQLWrites(
            API,
            update=Mutating(
                "setStock",
                {"id": "ID!", "onHand": "Int!"},
                values="",
                key="id",
                record="level",
                result=Result(done="status", done_codes=frozenset({"OK"}), code="status", reason="text"),
            ),
        ),
        update=frozenset({"stock_quantity"}),
        guard="stock_quantity",
        never_empty=frozenset({"stock_quantity"}),
    ),
)

SYSTEM = System(
    name="kiosk",
    title="Kiosk shop",
    connection="kiosk_default",
    auth=new_login(),
    rate_limit=RateLimit(per_second=20, burst=20, concurrency=2),
    resources=(products, customers, orders, stock),
    rules=VendorRules(
        login_ended=(LoginEnded("errors.extensions.code", codes=frozenset({"FORBIDDEN"}), unless="data"),),
        refuses_before_acting=frozenset({429}),
    ),
)
