"""Salesforce, the CRM: it owns the phone numbers of customers and knows the state of their orders.

API: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/

Know before you touch:
- Everything is read with `queryAll`: deleted records come with `IsDeleted`, merged ones with `MasterRecordId`.
  What is deleted for good, or leaves the recycle bin, is not reported: keys are listed every seven nights.
- `SystemModstamp` moves with every change; `LastModifiedDate` can be set back by imports.
- Too many calls is a 403 with `REQUEST_LIMIT_EXCEEDED`, not a 429.
- `Concord_Id__c` (Account, Contact), `Shop_Order__c` and `Wholesale_Order__c` (Order) are custom fields, external
  id and unique. `TotalAmount` is the sum of an order's products, which wholesale orders do not have; what the host
  charges stands in the custom `Wholesale_Amount__c`, how far a parcel got in `Delivery_Status__c`.
- More than 10,000 records are read by a bulk job, more than 2,000 changes written by one (`bulk_read_above`,
  `bulk_write_above` in the connection's extra). What a job of an interrupted run has written is not sent again.
- `BillingCountry` holds names of countries as well as ISO codes; staging makes codes of them, and we write codes.
  With country picklists it takes names only, and `BillingCountryCode` is read and written in its place.
- Without multi-currency there is no `CurrencyIsoCode`; `currency` in the connection's extra names the currency.
"""

from concord.contract import (
    ORDER_NAME,
    WHOLESALE_ORDER,
    ChangedBetween,
    Field,
    Form,
    Kind,
    RateLimit,
    Resource,
    System,
    VendorRules,
    Writes,
)
from concord.protocols.session.auth import ClientCredentials
from concord.protocols.values import write_number
from concord.systems.salesforce.account import ACCOUNT
from concord.systems.salesforce.bulk_writes import SalesforceBulk
from concord.systems.salesforce.ids import first_fifteen
from concord.systems.salesforce.soql import SalesforceApi, SoqlQuery

API_VERSION = "67.0"
api = SalesforceApi(API_VERSION)

MASTER_ID = Field("MasterRecordId", "master_source_id")
IS_DELETED = Field("IsDeleted", "is_deleted", Kind.BOOLEAN)
CURRENCY = Field("CurrencyIsoCode", "currency_code", optional=True, constant="currency")
UPDATED_AT = Field("SystemModstamp", "updated_at", Kind.TIMESTAMP, required=True)

accounts = Resource(
    name="accounts",
    entity="customer",
    links={"master_source_id": "accounts"},
    read=SoqlQuery(api, "Account"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("Name", "account_name", is_personal=True),
        Field("Type", "account_type"),
        Field("AccountNumber", "account_number"),
        Field("BillingStreet", "street", is_personal=True),
        Field("BillingCity", "city", is_personal=True),
        Field("BillingPostalCode", "postal_code", is_personal=True),
        Field("BillingCountry", "country_name", preferred="BillingCountryCode"),
        Field("Concord_Id__c", "concord_id", optional=True),
        MASTER_ID,
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1, list_every=7),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Account"),
        update=frozenset({"account_name", "street", "city", "postal_code", "country_name"}),
        never_empty=frozenset({"account_name"}),
        create=frozenset(
            {"account_name", "account_type", "street", "city", "postal_code", "country_name", "concord_id"}
        ),
        guard="updated_at",
        natural_key=("concord_id",),
    ),
)

contacts = Resource(
    name="contacts",
    entity="customer",
    links={"account_source_id": "accounts", "master_source_id": "contacts"},
    entity_key="contact_source_id",
    read=SoqlQuery(api, "Contact"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("AccountId", "account_source_id"),
        Field("FirstName", "first_name", is_personal=True),
        Field("LastName", "last_name", is_personal=True),
        Field("Email", "email", is_personal=True),
        Field("Phone", "phone", is_personal=True),
        Field("Concord_Id__c", "concord_id", optional=True),
        MASTER_ID,
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1, list_every=7),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Contact"),
        update=frozenset({"first_name", "last_name", "email", "phone"}),
        never_empty=frozenset({"last_name"}),
        create=frozenset({"account_source_id", "first_name", "last_name", "email", "phone", "concord_id"}),
        guard="updated_at",
        natural_key=("concord_id",),
    ),
)

orders = Resource(
    name="orders",
    entity="order",
    links={"account_source_id": "accounts", "shop_order_name": ORDER_NAME},
    read=SoqlQuery(api, "Order"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("OrderNumber", "order_number"),
        Field("Shop_Order__c", "shop_order_name", optional=True),
        Field("AccountId", "account_source_id"),
        Field("Status", "order_status"),
        Field("TotalAmount", "total_amount", Kind.DECIMAL),
        CURRENCY,
        Field("EffectiveDate", "effective_date", Kind.DATE),
        Field("Delivery_Status__c", "delivery_status", optional=True),
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1, list_every=7),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Order"),
        update=frozenset({"order_status", "delivery_status"}),
        never_empty=frozenset({"order_status"}),
        guard="updated_at",
    ),
)

wholesale_orders = Resource(
    name="wholesale_orders",
    entity="wholesale_order",
    links={"account_source_id": "accounts", "order_number": WHOLESALE_ORDER},
    read=SoqlQuery(api, "Order", only="order_number"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("OrderNumber", "crm_order_number"),
        Field("Wholesale_Order__c", "order_number", optional=True),
        Field("AccountId", "account_source_id"),
        Field("Status", "order_status"),
        Field("PoNumber", "customer_reference"),
        Field(
            "Wholesale_Amount__c", "wholesale_amount", Kind.DECIMAL, form=Form(encode=write_number), optional=True
        ),
        CURRENCY,
        Field("EffectiveDate", "effective_date", Kind.DATE),
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1, list_every=7),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Order"),
        update=frozenset({"wholesale_amount"}),
        create=frozenset(
            {
                "order_number",
                "account_source_id",
                "order_status",
                "customer_reference",
                "wholesale_amount",
                "currency_code",
                "effective_date",
            }
        ),
        guard="updated_at",
        natural_key=("order_number",),
    ),
)

SYSTEM = System(
    name="salesforce",
    title="Salesforce CRM",
    connection="salesforce_default",
    auth=ClientCredentials("/services/oauth2/token", header="Authorization", prefix="Bearer "),
    rate_limit=RateLimit(per_second=20, burst=20, concurrency=4, per_day=100_000),
    account=ACCOUNT,
    resources=(accounts, contacts, orders, wholesale_orders),
    owns="phone numbers of customers",
    roles={"crm": 1},
    api_version=API_VERSION,
    common_key=first_fifteen,
    rules=VendorRules(
        version_option="api_version",
        code_keys=("errorCode", "error"),
        reasons=("message", "error_description"),
        limit_codes=frozenset({"REQUEST_LIMIT_EXCEEDED"}),
    ),
)
