"""Salesforce, the CRM: it owns the phone numbers of customers and knows the state of their orders.

API: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/

Know before you touch:
- Everything is read with `queryAll`: deleted records come with `IsDeleted`, merged ones with `MasterRecordId`.
- `SystemModstamp` moves with every change; `LastModifiedDate` can be set back by imports.
- Too many calls is a 403 with `REQUEST_LIMIT_EXCEEDED`, not a 429.
- `Concord_Id__c` (Account, Contact), `Shop_Order__c` and `Wholesale_Order__c` (Order) are custom fields, external
  id and unique. `TotalAmount` is the sum of an order's products, which wholesale orders do not have; what the host
  charges stands in the custom `Wholesale_Amount__c`, how far a parcel got in `Delivery_Status__c`.
- More than 10,000 records are read by a bulk job, more than 2,000 changes written by one (`bulk_read_above`,
  `bulk_write_above` in the connection's extra). A job that a cut-off run left behind is found and believed.
- `BillingCountry` holds names and ISO codes side by side; staging sorts them out, we write ISO codes.
"""

from concord.contract import ChangedBetween, Manners, Pace, Resource, System, Writes
from concord.fields import Field, Kind
from concord.http.auth import ClientCredentials
from concord.http.salesforce_bulk_writes import SalesforceBulk
from concord.http.sobjects import NUMBER
from concord.http.soql import SalesforceApi, SoqlQuery

API_VERSION = "67.0"
api = SalesforceApi(API_VERSION)

MASTER_ID = Field("MasterRecordId", "master_source_id")
IS_DELETED = Field("IsDeleted", "is_deleted", Kind.BOOLEAN)
UPDATED_AT = Field("SystemModstamp", "updated_at", Kind.TIMESTAMP, required=True)

accounts = Resource(
    name="accounts",
    read=SoqlQuery(api, "Account"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("Name", "account_name"),
        Field("Type", "account_type"),
        Field("AccountNumber", "account_number"),
        Field("BillingStreet", "street"),
        Field("BillingCity", "city"),
        Field("BillingPostalCode", "postal_code"),
        Field("BillingCountry", "country_name"),
        Field("Concord_Id__c", "concord_id"),
        MASTER_ID,
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at"),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Account", external_id="concord_id"),
        update=frozenset({"account_name", "street", "city", "postal_code", "country_name"}),
        create=frozenset(
            {"account_name", "account_type", "street", "city", "postal_code", "country_name", "concord_id"}
        ),
        guard="updated_at",
        find_by="concord_id",
    ),
)

contacts = Resource(
    name="contacts",
    read=SoqlQuery(api, "Contact"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("AccountId", "account_source_id"),
        Field("FirstName", "first_name"),
        Field("LastName", "last_name"),
        Field("Email", "email"),
        Field("Phone", "phone"),
        Field("Concord_Id__c", "concord_id"),
        MASTER_ID,
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at"),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Contact", external_id="concord_id"),
        update=frozenset({"first_name", "last_name", "email", "phone"}),
        create=frozenset({"account_source_id", "first_name", "last_name", "email", "phone", "concord_id"}),
        guard="updated_at",
        find_by="concord_id",
    ),
)

orders = Resource(
    name="orders",
    read=SoqlQuery(api, "Order"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("OrderNumber", "order_number"),
        Field("Shop_Order__c", "shop_order_name"),
        Field("AccountId", "account_source_id"),
        Field("Status", "order_status"),
        Field("TotalAmount", "total_amount", Kind.DECIMAL),
        Field("CurrencyIsoCode", "currency_code"),
        Field("EffectiveDate", "effective_date", Kind.DATE),
        Field("Delivery_Status__c", "delivery_status"),
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at"),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Order"),
        update=frozenset({"order_status", "delivery_status"}),
        guard="updated_at",
    ),
)

wholesale_orders = Resource(
    name="wholesale_orders",
    read=SoqlQuery(api, "Order", only="Wholesale_Order__c != null"),
    key="source_id",
    fields=(
        Field("Id", "source_id", required=True),
        Field("OrderNumber", "crm_order_number"),
        Field("Wholesale_Order__c", "order_number"),
        Field("AccountId", "account_source_id"),
        Field("Status", "order_status"),
        Field("PoNumber", "customer_reference"),
        Field("Wholesale_Amount__c", "wholesale_amount", Kind.DECIMAL, form=NUMBER),
        Field("CurrencyIsoCode", "currency_code"),
        Field("EffectiveDate", "effective_date", Kind.DATE),
        IS_DELETED,
        UPDATED_AT,
    ),
    changes=ChangedBetween("updated_at"),
    deleted="is_deleted",
    writes=Writes(
        SalesforceBulk(api, "Order", external_id="order_number"),
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
        find_by="order_number",
    ),
)

SYSTEM = System(
    name="salesforce",
    title="Salesforce CRM",
    connection="salesforce_default",
    auth=ClientCredentials("/services/oauth2/token", header="Authorization", prefix="Bearer "),
    pace=Pace(per_second=20, burst=20, concurrency=4),
    resources=(accounts, contacts, orders, wholesale_orders),
    owns="phone numbers of customers",
    api_version=API_VERSION,
    manners=Manners(limit_codes=frozenset({"REQUEST_LIMIT_EXCEEDED"})),
)
