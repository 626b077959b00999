"""HubSpot, the CRM of marketing and sales: it owns nothing yet; it holds opt-outs of mail, and stages of deals.

API: https://developers.hubspot.com/docs/api-reference/overview

Know before you touch:
- An API version is a date in the path; one comes each March and September and lives eighteen months.
- The search lags minutes behind, shows nothing archived and ends at 10,000 results: windows overlap, the
  reader asks by ascending id, archived records come from a list, and absence in a search means nothing.
- A merge may give the record a new id. The old ids lead to it and stand in `hs_merged_object_ids`: staging
  follows them, and they are no deletions. A purge for privacy leaves no trace but its absence from the list.
- All values are texts, and an empty one clears its property. Results of a batch come in any order, and are
  matched with our changes by `objectWriteTraceId`.
- The vendor checks no condition of a write, so `lastmodifieddate` is compared right before it; it also moves when
  nothing that we read has changed.
- Searches are limited to five a second, other calls are not. A malformed token can be answered by status 530.
- Without multi-currency deals may have no `deal_currency_code`; `currency` in the connection's extra names it.
- `concord_id` (contacts, companies) and `shop_order_name` (deals) are our own unique properties.
"""

from concord.contract import (
    CUSTOMER_NUMBER,
    ORDER_NAME,
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
from concord.protocols.session.auth import StaticToken
from concord.systems.hubspot.account import ACCOUNT
from concord.systems.hubspot.batches import HubSpotBatches
from concord.systems.hubspot.objects import HubSpotApi, HubSpotObjects

API_VERSION = "2026-09"
api = HubSpotApi(API_VERSION)
MERGED = "hs_merged_object_ids"
EMPTY_IS_NULL = Form(sql="nullif({}, '')")

RECORD = (
    Field("id", "source_id", required=True),
    Field(f"properties.{MERGED}", "merged_source_ids"),
    Field("archived", "is_archived", Kind.BOOLEAN),
    Field("archivedAt", "archived_at", Kind.TIMESTAMP),
    Field("createdAt", "created_at", Kind.TIMESTAMP),
)
UPDATED_AT = Field("properties.hs_lastmodifieddate", "updated_at", Kind.TIMESTAMP, required=True)
PLACE = (
    Field("properties.phone", "phone", is_personal=True),
    Field("properties.address", "street", is_personal=True),
    Field("properties.city", "city", is_personal=True),
    Field("properties.zip", "postal_code", is_personal=True),
    Field("properties.country", "country_name"),
    Field("properties.lifecyclestage", "lifecycle_stage"),
    Field("properties.erp_customer_id", "erp_customer_code", optional=True),
    Field("properties.concord_id", "concord_id", optional=True),
)
PLACE_NAMES = frozenset({"phone", "street", "city", "postal_code", "country_name", "lifecycle_stage"})
CHANGES = ChangedBetween("updated_at", vanish_limit=0.1)

contacts = Resource(
    name="contacts",
    entity="customer",
    links={"company_source_id": "companies", "merged_source_ids": "contacts"},
    read=HubSpotObjects(api, "contacts", unique=frozenset({"email", "concord_id"}), merged=MERGED),
    key="source_id",
    fields=(
        *RECORD,
        Field("properties.lastmodifieddate", "updated_at", Kind.TIMESTAMP, required=True),
        Field("properties.email", "email", is_personal=True),
        Field("properties.hs_additional_emails", "additional_emails", is_personal=True, optional=True),
        Field("properties.firstname", "first_name", is_personal=True),
        Field("properties.lastname", "last_name", is_personal=True),
        Field("properties.associatedcompanyid", "company_source_id"),
        Field("properties.hs_email_optout", "has_opted_out", Kind.BOOLEAN, form=EMPTY_IS_NULL, optional=True),
        *PLACE,
    ),
    changes=CHANGES,
    deleted="is_archived",
    writes=Writes(
        HubSpotBatches(api, "contacts"),
        update=PLACE_NAMES | {"email", "first_name", "last_name", "erp_customer_code", "is_archived"},
        create=PLACE_NAMES | {"email", "first_name", "last_name", "erp_customer_code", "concord_id"},
        guard="updated_at",
        natural_key=("concord_id",),
    ),
)

companies = Resource(
    name="companies",
    entity="customer",
    links={"merged_source_ids": "companies"},
    entity_key="",
    read=HubSpotObjects(api, "companies", unique=frozenset({"concord_id"}), merged=MERGED),
    key="source_id",
    fields=(
        *RECORD,
        UPDATED_AT,
        Field("properties.name", "company_name", is_personal=True),
        Field("properties.domain", "domain_name"),
        *PLACE,
    ),
    changes=CHANGES,
    deleted="is_archived",
    writes=Writes(
        HubSpotBatches(api, "companies"),
        update=PLACE_NAMES | {"company_name", "erp_customer_code", "is_archived"},
        create=PLACE_NAMES | {"company_name", "erp_customer_code", "concord_id"},
        guard="updated_at",
        natural_key=("concord_id",),
    ),
)

DEAL = frozenset({"deal_name", "amount", "currency_code", "pipeline_name", "deal_stage", "closed_at"})
deals = Resource(
    name="deals",
    entity="order",
    links={
        "shop_order_name": ORDER_NAME,
        "company_source_id": "companies",
        "erp_customer_code": CUSTOMER_NUMBER,
    },
    read=HubSpotObjects(api, "deals", unique=frozenset({"shop_order_name"}), merged=MERGED),
    key="source_id",
    fields=(
        *RECORD,
        UPDATED_AT,
        Field("properties.dealname", "deal_name"),
        Field("properties.shop_order_name", "shop_order_name", optional=True),
        Field("properties.amount", "amount", Kind.DECIMAL, form=EMPTY_IS_NULL),
        Field("properties.deal_currency_code", "currency_code", optional=True, constant="currency"),
        Field("properties.pipeline", "pipeline_name"),
        Field("properties.dealstage", "deal_stage"),
        Field("properties.closedate", "closed_at", Kind.TIMESTAMP, form=EMPTY_IS_NULL),
        Field("properties.hs_primary_associated_company", "company_source_id"),
        Field("properties.erp_customer_id", "erp_customer_code", optional=True),
    ),
    changes=CHANGES,
    deleted="is_archived",
    writes=Writes(
        HubSpotBatches(api, "deals"),
        update=DEAL | {"is_archived"},
        create=DEAL | {"shop_order_name", "erp_customer_code"},
        guard="updated_at",
        natural_key=("shop_order_name",),
    ),
)

SYSTEM = System(
    name="hubspot",
    title="HubSpot CRM",
    connection="hubspot_default",
    auth=StaticToken(),
    rate_limit=RateLimit(per_second=4, burst=4, concurrency=2, per_day=250_000),
    account=ACCOUNT,
    roles={"crm": 2},
    resources=(companies, contacts, deals),
    api_version=API_VERSION,
    api_version_ends="2028-03-01",
    rules=VendorRules(
        version_option="api_version",
        code_keys=("category", "code", "error"),
        reasons=("message",),
        limit_waits={"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 3600.0},
        busy_waits={423: 2.0, 477: 10.0},
        refuses_before_acting=frozenset({429}),
    ),
)
