"""SAP S/4HANA, the ERP of the group's companies: it owns the business partners that are companies.

API: https://api.sap.com/package/SAPS4HANACloud/odata

Know before you touch:
- A partner says when it changed in two fields, a day and a time, and both are empty while it never changed. A
  change of an address does not move its partner, so addresses are read whole.
- Every write needs a token and the cookies that came with it, and the ETag of what was read. A changeset fails
  whole, so each record has one of its own.
- Master data is marked (`IsMarkedForArchiving`, `IsMarkedForDeletion`) and not deleted.
- Keys come with and without leading zeros; staging strips them, we never do before.
- Amounts and quantities are text, times `/Date(ms)/`, in the V2 services.
- The connection's extra fields may say `client`, `time_zone`, `sales_organization`, `distribution_channel`,
  `division`, `order_type`, and where a service lies (`business_partner_path` and the like).
"""

from datetime import timedelta

from concord.contract import ChangedBetween, Pace, Resource, Snapshot, System, Writes
from concord.fields import Field, Kind
from concord.http.auth import BasicLogin
from concord.http.odata import COMPOSED_KEY, EntityKey, ODataService, Version
from concord.http.odata_reading import EntitySet
from concord.http.odata_values import AS_TICKS, AS_TICKS_DAY, ChangedAt, ChangedOn
from concord.http.odata_writes import ODataWrites
from concord.http.sap_values import order_items

PARAMETERS = {"sap-client": "client", "sap-language": "language"}
V2, V4 = "/sap/opu/odata/sap", "/sap/opu/odata4/sap"


def service(path: str, option: str, version: Version = Version.V2) -> ODataService:
    """One of the services; all want the same."""
    return ODataService(path, version, option, PARAMETERS, needs_token=True)


partner_service = service(f"{V2}/API_BUSINESS_PARTNER", "business_partner_path")
order_service = service(f"{V2}/API_SALES_ORDER_SRV", "sales_order_path")
stock_service = service(f"{V2}/API_MATERIAL_STOCK_SRV", "stock_path")
product_service = service(f"{V4}/api_product/srvd_a2x/sap/product/0002", "product_path", Version.V4)

ETAG = Field("__metadata.etag", "etag")
PARTNER_CHANGES = ChangedOn("LastChangeDate", "LastChangeTime", "CreationDate", "CreationTime")
SHOWN_CHANGE = PARTNER_CHANGES.form(time="change_time", first_day="creation_date", first_time="creation_time")

partner_set = EntitySet(partner_service, "A_BusinessPartner", EntityKey(("BusinessPartner",)), PARTNER_CHANGES)
business_partners = Resource(
    name="business_partners",
    read=partner_set,
    key="source_id",
    fields=(
        Field("BusinessPartner", "source_id", required=True),
        Field("BusinessPartnerCategory", "partner_category"),
        Field("OrganizationBPName1", "organization_name_1"),
        Field("OrganizationBPName2", "organization_name_2"),
        Field("FirstName", "first_name"),
        Field("LastName", "last_name"),
        Field("SearchTerm1", "search_term"),
        Field("BusinessPartnerIDByExtSystem", "external_party_code"),
        Field("BusinessPartnerIsBlocked", "is_blocked", Kind.BOOLEAN),
        Field("IsMarkedForArchiving", "is_archived", Kind.BOOLEAN),
        Field("CreationDate", "creation_date"),
        Field("CreationTime", "creation_time"),
        Field("LastChangeTime", "change_time"),
        Field("LastChangeDate", "changed_at", Kind.TIMESTAMP, required=True, form=SHOWN_CHANGE),
        ETAG,
    ),
    changes=ChangedBetween("changed_at", overlap=timedelta(days=1), vanish_limit=0.1),
    deleted="is_archived",
    writes=Writes(
        ODataWrites(partner_set),
        update=frozenset({"organization_name_1", "organization_name_2", "first_name", "last_name", "search_term"}),
        guard="etag",
    ),
)

address_set = EntitySet(
    partner_service,
    "A_BusinessPartnerAddress",
    EntityKey(("BusinessPartner", "AddressID")),
    expand=("to_EmailAddress", "to_PhoneNumber"),
)
addresses = Resource(
    name="addresses",
    read=address_set,
    key="source_id",
    fields=(
        Field(COMPOSED_KEY, "source_id", required=True),
        Field("BusinessPartner", "partner_source_id", required=True),
        Field("AddressID", "address_number", required=True),
        Field("StreetName", "street_name"),
        Field("HouseNumber", "house_number"),
        Field("CityName", "city"),
        Field("PostalCode", "postal_code"),
        Field("Region", "region_code"),
        Field("Country", "country_code"),
        Field("to_EmailAddress.results", "emails", Kind.JSON),
        Field("to_PhoneNumber.results", "phones", Kind.JSON),
        ETAG,
    ),
    changes=Snapshot(),
    writes=Writes(
        ODataWrites(address_set),
        update=frozenset({"street_name", "house_number", "city", "postal_code", "region_code", "country_code"}),
        guard="etag",
    ),
)

STAMPED = ChangedAt("LastChangeDateTime")
product_set = EntitySet(
    product_service, "Product", EntityKey(("Product",)), STAMPED, expand=("_ProductDescription",)
)
products = Resource(
    name="products",
    read=product_set,
    key="source_id",
    fields=(
        Field("Product", "source_id", required=True),
        Field("ProductType", "product_type"),
        Field("ProductGroup", "product_group"),
        Field("BaseUnit", "base_unit"),
        Field("_ProductDescription", "descriptions", Kind.JSON),
        Field("IsMarkedForDeletion", "is_marked_for_deletion", Kind.BOOLEAN),
        Field("LastChangeDateTime", "changed_at", Kind.TIMESTAMP, required=True),
    ),
    changes=ChangedBetween("changed_at", vanish_limit=0.1),
    deleted="is_marked_for_deletion",
)

stock_levels = Resource(
    name="stock_levels",
    read=EntitySet(
        stock_service,
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
    order_service, "A_SalesOrder", EntityKey(("SalesOrder",)), STAMPED, expand=("to_Item",), size=500
)
ORDER_TERMS = {
    "SalesOrderType": ("order_type", "OR"),
    "SalesOrganization": ("sales_organization", "1710"),
    "DistributionChannel": ("distribution_channel", "10"),
    "OrganizationDivision": ("division", "00"),
}
sales_orders = Resource(
    name="sales_orders",
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
        Field("to_Item.results", "items", Kind.JSON, form=order_items("PMP0"), write="to_Item"),
        Field("LastChangeDateTime", "changed_at", Kind.TIMESTAMP, required=True, form=AS_TICKS),
        ETAG,
    ),
    changes=ChangedBetween("changed_at", vanish_limit=0.1),
    writes=Writes(
        ODataWrites(order_set, given=ORDER_TERMS, size=20),
        create=frozenset({"reference", "partner_source_id", "currency_code", "order_date", "items"}),
        guard="etag",
        find_by="reference",
    ),
)

SYSTEM = System(
    name="sap",
    title="SAP S/4HANA",
    connection="sap_default",
    auth=BasicLogin(),
    pace=Pace(per_second=10, burst=10, concurrency=4),
    resources=(business_partners, addresses, products, stock_levels, sales_orders),
    owns="the names and addresses of companies in the group's own books",
    api_version="V2, V4 Product 0002",
)
