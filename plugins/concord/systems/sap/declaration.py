"""SAP S/4HANA, the ERP of the group's companies: it owns the business partners that are companies.

API: https://api.sap.com/package/SAPS4HANACloud/odata

Know before you touch:
- A partner has the day and the time of its last change in two fields, which are empty until its first change. A
  change of an address does not move these fields of its partner, so all addresses are read every time.
- Every write needs a token and the cookies that came with it, and the ETag of the record as it was read. An
  operation that fails makes its whole changeset fail, so each record has a changeset of its own.
- Master data is marked (`IsMarkedForArchiving`, `IsMarkedForDeletion`) and not deleted.
- Keys come with and without leading zeros; only staging strips them.
- Amounts and quantities are text, times `/Date(ms)/`, in the V2 services.
- A new partner is created with address, role and sales area in one call: without them SAP takes no order of it.
- The connection's extra fields may say `client`, `time_zone`, the terms of `services.py`, where a service lies.
"""

from datetime import timedelta

from concord.contract import (
    ORDER_NAME,
    PARTNER_NUMBER,
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
from concord.protocols.odata.lists import EntitySet
from concord.protocols.odata.service import COMPOSED_KEY, RULES, EntityKey
from concord.protocols.odata.values import AS_TICKS, AS_TICKS_DAY, ChangedAt, ChangedOn
from concord.protocols.odata.writes import ODataWrites
from concord.protocols.session.auth import BasicLogin
from concord.systems.sap import services
from concord.systems.sap.account import ACCOUNT
from concord.systems.sap.prices import prices
from concord.systems.sap.values import NEW_ADDRESS, order_items

DONE = "select reference as order_name from {table} where process_status = 'C' and not _is_deleted"
ETAG = Field("__metadata.etag", "etag")
PARTNER_CHANGES = ChangedOn("LastChangeDate", "LastChangeTime", "CreationDate", "CreationTime")
NAMES = frozenset({"organization_name_1", "organization_name_2", "first_name", "last_name"})
SHOWN_CHANGE = PARTNER_CHANGES.form(time="change_time", first_day="creation_date", first_time="creation_time")

partner_set = EntitySet(services.PARTNERS, "A_BusinessPartner", EntityKey(("BusinessPartner",)), PARTNER_CHANGES)
business_partners = Resource(
    name="business_partners",
    entity="customer",
    links={"source_id": PARTNER_NUMBER},
    read=partner_set,
    key="source_id",
    fields=(
        Field("BusinessPartner", "source_id", required=True),
        Field("BusinessPartnerCategory", "partner_category"),
        Field("OrganizationBPName1", "organization_name_1", is_personal=True),
        Field("OrganizationBPName2", "organization_name_2", is_personal=True),
        Field("FirstName", "first_name", is_personal=True),
        Field("LastName", "last_name", is_personal=True),
        Field("SearchTerm1", "search_term", is_personal=True),
        Field("BusinessPartnerIDByExtSystem", "external_party_code"),
        Field("BusinessPartnerIsBlocked", "is_blocked", Kind.BOOLEAN),
        Field("IsMarkedForArchiving", "is_archived", Kind.BOOLEAN),
        NEW_ADDRESS,
        Field("CreationDate", "creation_date"),
        Field("CreationTime", "creation_time"),
        Field("LastChangeTime", "change_time"),
        Field("LastChangeDate", "changed_at", Kind.TIMESTAMP, required=True, form=SHOWN_CHANGE),
        ETAG,
    ),
    changes=ChangedBetween("changed_at", overlap=timedelta(days=1), vanish_limit=0.1),
    deleted="is_archived",
    writes=Writes(
        ODataWrites(partner_set, given=services.PARTNER_TERMS, size=20),
        update=NAMES | {"search_term"},
        never_empty=frozenset({"organization_name_1"}),
        create=NAMES | {"partner_category", "external_party_code", "new_address"},
        guard="etag",
        natural_key=("external_party_code",),
        brings={"addresses": "partner_source_id"},
    ),
)

address_set = EntitySet(
    services.PARTNERS,
    "A_BusinessPartnerAddress",
    EntityKey(("BusinessPartner", "AddressID")),
    expand=("to_EmailAddress", "to_PhoneNumber"),
)
addresses = Resource(
    name="addresses",
    entity="customer_part",
    links={"partner_source_id": PARTNER_NUMBER},
    entity_key="address_source_id",
    read=address_set,
    key="source_id",
    fields=(
        Field(COMPOSED_KEY, "source_id", required=True),
        Field("BusinessPartner", "partner_source_id", required=True),
        Field("AddressID", "address_number", required=True),
        Field("StreetName", "street_name", is_personal=True),
        Field("HouseNumber", "house_number", is_personal=True),
        Field("CityName", "city", is_personal=True),
        Field("PostalCode", "postal_code", is_personal=True),
        Field("Region", "region_code"),
        Field("Country", "country_code"),
        Field("to_EmailAddress.results", "emails", Kind.JSON, json_type="array", is_personal=True),
        Field("to_PhoneNumber.results", "phones", Kind.JSON, json_type="array", is_personal=True),
        ETAG,
    ),
    changes=Snapshot(),
    writes=Writes(
        ODataWrites(address_set),
        update=frozenset({"street_name", "house_number", "city", "postal_code", "region_code", "country_code"}),
        never_empty=frozenset({"country_code"}),
        guard="etag",
    ),
)

STAMPED = ChangedAt("LastChangeDateTime")
product_set = EntitySet(
    services.PRODUCTS, "Product", EntityKey(("Product",)), STAMPED, expand=("_ProductDescription",)
)
products = Resource(
    name="products",
    entity="product",
    links={"source_id": SKU},
    read=product_set,
    key="source_id",
    fields=(
        Field("Product", "source_id", required=True),
        Field("ProductType", "product_type"),
        Field("ProductGroup", "product_group"),
        Field("BaseUnit", "base_unit"),
        Field("_ProductDescription", "descriptions", Kind.JSON, json_type="array"),
        Field("IsMarkedForDeletion", "is_marked_for_deletion", Kind.BOOLEAN),
        Field("LastChangeDateTime", "changed_at", Kind.TIMESTAMP, required=True),
    ),
    changes=ChangedBetween("changed_at", vanish_limit=0.1),
    deleted="is_marked_for_deletion",
)

stock_levels = Resource(
    name="stock_levels",
    entity="inventory_level",
    links={},
    read=EntitySet(
        services.STOCK,
        "A_MatlStkInAcctMod",
        EntityKey(("Material", "Plant", "StorageLocation", "Batch", "InventoryStockType")),
        only="InventorySpecialStockType eq ''",
    ),
    key="source_id",
    fields=(
        Field(COMPOSED_KEY, "source_id", required=True),
        Field("Material", "product_source_id", required=True),
        Field("Plant", "plant_code"),
        Field("StorageLocation", "storage_location_code"),
        Field("Batch", "batch_number"),
        Field("InventoryStockType", "stock_type"),
        Field("MaterialBaseUnit", "base_unit"),
        Field("MatlWrhsStkQtyInMatlBaseUnit", "on_hand_quantity", Kind.DECIMAL),
    ),
    changes=Snapshot(),
)

order_set = EntitySet(
    services.ORDERS, "A_SalesOrder", EntityKey(("SalesOrder",)), STAMPED, expand=("to_Item",), size=500
)
sales_orders = Resource(
    name="sales_orders",
    entity="order",
    links={"partner_source_id": PARTNER_NUMBER, "reference": ORDER_NAME},
    offers={"done_orders": DONE},
    read=order_set,
    key="source_id",
    fields=(
        Field("SalesOrder", "source_id", required=True),
        Field("PurchaseOrderByCustomer", "reference"),
        Field("SoldToParty", "partner_source_id"),
        Field("SalesOrderType", "order_type"),
        Field("OverallSDProcessStatus", "process_status"),
        Field("TotalNetAmount", "total_amount", Kind.DECIMAL),
        Field("TransactionCurrency", "currency_code"),
        Field("SalesOrderDate", "order_date", Kind.DATE, form=AS_TICKS_DAY),
        order_items("PMP0"),
        Field("LastChangeDateTime", "changed_at", Kind.TIMESTAMP, required=True, form=AS_TICKS),
        ETAG,
    ),
    changes=ChangedBetween("changed_at", vanish_limit=0.1),
    writes=Writes(
        ODataWrites(order_set, given=services.ORDER_TERMS, size=20),
        create=frozenset({"reference", "partner_source_id", "currency_code", "order_date", "items"}),
        guard="etag",
        natural_key=("reference",),
    ),
)

SYSTEM = System(
    name="sap",
    title="SAP S/4HANA",
    connection="sap_default",
    auth=BasicLogin(),
    rate_limit=RateLimit(per_second=10, burst=10, concurrency=4),
    account=ACCOUNT,
    roles={"erp": 2},
    resources=(business_partners, addresses, products, stock_levels, prices, sales_orders),
    owns="the names and addresses of companies in the group's own books",
    api_version="V2, V4 Product 0002",
    rules=RULES,
)
