"""NetSuite, the ledger: it bills what the shop has sold, and owns the invoices.

API: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540391670.html

Know before you touch:
- The login is a signature: client id as login, private key (PEM) as password, `certificate_id` in extra. A
  certificate lives two years at most, and a refresh of an account's sandbox forgets it.
- Times come in the zone of the integration's user: `time_zone` in extra names it. Best is a user in GMT: in any
  other zone the hour that comes twice in autumn is taken for its second coming.
- Deletions are not reported; the keys are listed and compared.
- `sales_order_lines`: quantities are negative on sales, as the ledger sees them; staging turns them round.
- Misspelt fields are ignored by default; our writes ask for an error instead.
- External ids hold letters, digits, _ and - only; customers and suppliers share one range of them.
- Calls at once are counted over all integrations of the account (5 in the smallest plan): two are ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from concord.contract import ChangedBetween, Manners, Pace, Resource, Snapshot, System, Writes
from concord.fields import Field, Kind
from concord.http.assertion import SignedAssertion
from concord.http.suite_forms import ADDRESS_BOOK, ORDER_LINES, REFERENCE, YES_OR_NO
from concord.http.suiteql import SuiteQl
from concord.http.suitetalk import RecordBatches

CHANGES = ChangedBetween("updated_at", overlap=timedelta(minutes=15), vanish_limit=0.1)
CURRENCY = "LEFT JOIN currency ON currency.id = transaction.currency"
ADDRESS = "LEFT JOIN EntityAddress ON EntityAddress.nkey = customer.defaultbillingaddress"

SOURCE_ID = Field("id", "source_id", required=True)
IS_INACTIVE = Field("isinactive", "is_inactive", Kind.BOOLEAN, form=YES_OR_NO)
CREATED_AT = Field("createddate", "created_at", Kind.TIMESTAMP)
UPDATED_AT = Field("lastmodifieddate", "updated_at", Kind.TIMESTAMP, required=True)
TRANSACTION: Sequence[Field] = (
    SOURCE_ID,
    Field("tranid", "document_number"),
    Field("externalid", "external_id", write="externalId"),
    Field("otherrefnum", "order_name", write="otherRefNum"),
    Field("entity", "customer_source_id", form=REFERENCE),
    Field("status", "status_code"),
    Field("foreigntotal", "total_amount", Kind.DECIMAL),
    Field("symbol", "currency_code", select="currency.symbol"),
    Field("trandate", "document_date", Kind.DATE, write="tranDate"),
    CREATED_AT,
    UPDATED_AT,
)

customers = Resource(
    name="customers",
    read=SuiteQl("customer", joins=ADDRESS),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("entityid", "customer_number"),
        Field("externalid", "concord_id", write="externalId"),
        Field("accountnumber", "account_number", write="accountNumber"),
        Field("isperson", "is_person", Kind.BOOLEAN, form=YES_OR_NO, write="isPerson"),
        Field("companyname", "company_name", write="companyName"),
        Field("firstname", "first_name", write="firstName"),
        Field("lastname", "last_name", write="lastName"),
        Field("email", "email"),
        Field("phone", "phone"),
        Field("addr1", "street", select="EntityAddress.addr1"),
        Field("city", "city", select="EntityAddress.city"),
        Field("zip", "postal_code", select="EntityAddress.zip"),
        Field("country", "country_code", select="EntityAddress.country"),
        # Written whole with a new customer, and read as the four fields above.
        Field("addressbook", "address", Kind.JSON, select="NULL", form=ADDRESS_BOOK, write="addressBook"),
        IS_INACTIVE,
        Field("datecreated", "created_at", Kind.TIMESTAMP),
        UPDATED_AT,
    ),
    changes=CHANGES,
    writes=Writes(
        RecordBatches("customer", external_id="concord_id", references={"subsidiary": "1"}),
        update=frozenset({"company_name", "first_name", "last_name", "email", "phone"}),
        create=frozenset(
            {"concord_id", "is_person", "company_name", "first_name", "last_name", "email", "phone", "address"}
        ),
        guard="updated_at",
        find_by="concord_id",
    ),
)

items = Resource(
    name="items",
    read=SuiteQl("item"),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("itemid", "sku"),
        Field("displayname", "product_name"),
        Field("itemtype", "item_type"),
        IS_INACTIVE,
        CREATED_AT,
        UPDATED_AT,
    ),
    changes=CHANGES,
)

inventory_levels = Resource(
    name="inventory_levels",
    read=SuiteQl(
        "aggregateItemLocation",
        joins="JOIN item ON item.id = aggregateItemLocation.item",
        order=("item", "location"),
    ),
    key="source_id",
    fields=(
        Field(
            "levelid",
            "source_id",
            required=True,
            select="aggregateItemLocation.item || '-' || aggregateItemLocation.location",
        ),
        Field("item", "item_source_id"),
        Field("location", "location_source_id"),
        Field("itemid", "sku", select="item.itemid"),
        Field("quantityonhand", "on_hand_quantity", Kind.DECIMAL),
        Field("quantityavailable", "available_quantity", Kind.DECIMAL),
    ),
    changes=Snapshot(),
)

sales_orders = Resource(
    name="sales_orders",
    read=SuiteQl("transaction", joins=CURRENCY, only="transaction.type = 'SalesOrd'"),
    key="source_id",
    fields=(
        *TRANSACTION,
        # SuiteQL has no lists within rows: lines are written here, and read as sales_order_lines.
        Field("lines", "lines", Kind.JSON, select="NULL", form=ORDER_LINES, write="item"),
    ),
    changes=CHANGES,
    writes=Writes(
        RecordBatches("salesOrder", external_id="external_id"),
        create=frozenset({"external_id", "order_name", "customer_source_id", "document_date", "lines"}),
        guard="updated_at",
        find_by="external_id",
    ),
)

sales_order_lines = Resource(
    name="sales_order_lines",
    read=SuiteQl(
        "transactionline",
        joins="JOIN transaction ON transaction.id = transactionline.transaction",
        only="transaction.type = 'SalesOrd' AND transactionline.mainline = 'F' AND transactionline.taxline = 'F'",
        order=("uniquekey",),
    ),
    key="source_id",
    fields=(
        Field("uniquekey", "source_id", required=True),
        Field("orderid", "sales_order_source_id", required=True, select="transactionline.transaction"),
        Field("linesequencenumber", "line_number", Kind.INTEGER),
        Field("item", "item_source_id"),
        Field("quantity", "ledger_quantity", Kind.DECIMAL),
        Field("rate", "unit_price", Kind.DECIMAL),
        replace(UPDATED_AT, select="transaction.lastmodifieddate"),
    ),
    changes=CHANGES,
)

invoices = Resource(
    name="invoices",
    read=SuiteQl("transaction", joins=CURRENCY, only="transaction.type = 'CustInvc'"),
    key="source_id",
    fields=(
        *TRANSACTION,
        Field("foreignamountunpaid", "unpaid_amount", Kind.DECIMAL),
        Field("duedate", "due_date", Kind.DATE),
    ),
    changes=CHANGES,
)

SYSTEM = System(
    name="netsuite",
    title="NetSuite ledger",
    connection="netsuite_default",
    auth=SignedAssertion("/services/rest/auth/oauth2/v1/token", scope="rest_webservices"),
    pace=Pace(per_second=10, burst=10, concurrency=2),
    resources=(customers, items, inventory_levels, sales_orders, sales_order_lines, invoices),
    owns="invoices",
    api_version="v1",
    manners=Manners(limit_codes=frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED"})),
)
