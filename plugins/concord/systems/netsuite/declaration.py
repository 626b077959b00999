"""NetSuite, the ledger: it bills what the shop has sold, and owns the invoices.

API: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540391670.html

Know before you touch:
- The login is a signature: client id as login, private key (PEM) as password, `certificate_id` in extra. A
  certificate lives two years at most, and a refresh of an account's sandbox forgets it.
- Times come in the zone of the integration's user, which `time_zone` in extra names. Give the user the zone GMT:
  in other zones a time in the hour that autumn repeats is read as that of the second hour.
- Deletions are not reported: keys are compared. Misspelt fields are ignored; our writes ask for an error instead.
- Without OneWorld there are no subsidiaries, without multiple currencies no table of them: then `currency` in the
  connection's extra names the currency of all documents.
- An item has prices by level, currency and quantity; `price_level_id` and `price_currency_id` in extra choose one.
- External ids hold letters, digits, _ and - only; customers and suppliers share one range of them.
- Simultaneous calls are counted over all integrations of the account (5 in the smallest plan); we use two.
"""

from dataclasses import replace
from datetime import timedelta

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
from concord.protocols.session.assertion import SignedAssertion
from concord.systems.netsuite.account import ACCOUNT
from concord.systems.netsuite.forms import ADDRESS_BOOK, BASE_PRICE, NUMBERS, ORDER_LINES, REFERENCE, YES_OR_NO
from concord.systems.netsuite.record_batches import RULES, RecordBatches
from concord.systems.netsuite.suiteql import SuiteQl

DONE = "select order_name from {table} where status_code in ('F', 'G') and not _is_deleted"
CHANGES = ChangedBetween("updated_at", overlap=timedelta(minutes=15), vanish_limit=0.1)
CURRENCY = "LEFT JOIN currency ON currency.id = transaction.currency"
ADDRESS = "LEFT JOIN EntityAddress ON EntityAddress.nkey = customer.defaultbillingaddress"

NAMES = frozenset({"company_name", "first_name", "last_name"})
PERSON = NAMES | {"email", "phone"}
SOURCE_ID = Field("id", "source_id", required=True)
IS_INACTIVE = Field("isinactive", "is_inactive", Kind.BOOLEAN, form=YES_OR_NO)
CREATED_AT = Field("createddate", "created_at", Kind.TIMESTAMP)
UPDATED_AT = Field("lastmodifieddate", "updated_at", Kind.TIMESTAMP, required=True)
TRANSACTION = (
    SOURCE_ID,
    Field("tranid", "document_number"),
    Field("externalid", "external_id", write="externalId"),
    Field("otherrefnum", "order_name", write="otherRefNum"),
    Field("entity", "customer_source_id", form=REFERENCE),
    Field("status", "status_code"),
    Field("foreigntotal", "total_amount", Kind.DECIMAL),
    Field("symbol", "currency_code", select="currency.symbol", optional=True, constant="currency"),
    Field("trandate", "document_date", Kind.DATE, write="tranDate"),
    CREATED_AT,
    UPDATED_AT,
)

TRANSACTION_LINKS = {"customer_source_id": "customers", "order_name": ORDER_NAME, "external_id": ORDER_NAME}

customers = Resource(
    name="customers",
    entity="customer",
    links={},
    read=SuiteQl("customer", joins=ADDRESS, record="customer"),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("entityid", "customer_number"),
        Field("externalid", "concord_id", write="externalId"),
        Field("accountnumber", "account_number", write="accountNumber"),
        Field("isperson", "is_person", Kind.BOOLEAN, form=YES_OR_NO, write="isPerson"),
        Field("companyname", "company_name", write="companyName", is_personal=True),
        Field("firstname", "first_name", write="firstName", is_personal=True),
        Field("lastname", "last_name", write="lastName", is_personal=True),
        Field("email", "email", is_personal=True),
        Field("phone", "phone", is_personal=True),
        Field("addr1", "street", select="EntityAddress.addr1", is_personal=True),
        Field("city", "city", select="EntityAddress.city", is_personal=True),
        Field("zip", "postal_code", select="EntityAddress.zip", is_personal=True),
        Field("country", "country_code", select="EntityAddress.country"),
        # Written whole with a new customer, and read as the four fields above.
        ADDRESS_BOOK,
        IS_INACTIVE,
        Field("datecreated", "created_at", Kind.TIMESTAMP),
        UPDATED_AT,
    ),
    changes=CHANGES,
    writes=Writes(
        RecordBatches("customer", references={"subsidiary": "1"}),
        update=PERSON,
        never_empty=NAMES,
        create=PERSON | {"concord_id", "is_person", "address"},
        guard="updated_at",
        natural_key=("concord_id",),
    ),
)

items = Resource(
    name="items",
    entity="product",
    links={"sku": SKU},
    read=SuiteQl("item", options={"price_level_id": "1", "price_currency_id": "1"}),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("itemid", "sku"),
        Field("displayname", "product_name"),
        Field("itemtype", "item_type"),
        BASE_PRICE,
        IS_INACTIVE,
        CREATED_AT,
        UPDATED_AT,
    ),
    # A price level that is worked out anew changes prices, and not their items.
    changes=replace(CHANGES, volatile=frozenset({"base_price"})),
)

inventory_levels = Resource(
    name="inventory_levels",
    entity="inventory_level",
    links={},
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
    entity="order",
    links=TRANSACTION_LINKS,
    offers={"done_orders": DONE},
    read=SuiteQl("transaction", joins=CURRENCY, only="transaction.type = 'SalesOrd'", record="salesOrder"),
    key="source_id",
    fields=(
        *TRANSACTION,
        # SuiteQL has no lists within rows: lines are only written.
        Field("lines", "lines", Kind.JSON, select="NULL", form=ORDER_LINES, write="item", numbers=NUMBERS),
    ),
    changes=CHANGES,
    writes=Writes(
        RecordBatches("salesOrder"),
        create=frozenset({"external_id", "order_name", "customer_source_id", "document_date", "lines"}),
        guard="updated_at",
        natural_key=("external_id",),
    ),
)

invoices = Resource(
    name="invoices",
    entity="invoice",
    links=TRANSACTION_LINKS,
    read=SuiteQl("transaction", joins=CURRENCY, only="transaction.type = 'CustInvc'", record="invoice"),
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
    rate_limit=RateLimit(per_second=10, burst=10, concurrency=2),
    account=ACCOUNT,
    roles={"erp": 3, "books": 1},
    resources=(customers, items, inventory_levels, sales_orders, invoices),
    owns="invoices",
    api_version="v1",
    rules=RULES,
)
