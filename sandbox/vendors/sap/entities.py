"""SAP's entity types, as far as a nightly sync uses them, with the lengths of the published descriptions."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.server.records import Record
from sandbox.vendors.odata.model import EntityType, Navigation, Property, properties
from sandbox.vendors.sap.conditions import VALIDITY

P = Property


def _by_day(record: Record, now: datetime) -> None:
    record["LastChangeDate"] = now.date().isoformat()
    record["LastChangeTime"] = now.strftime("PT%HH%MM%SS")


def _by_moment(name: str) -> Callable[[Record, datetime], None]:
    def touch(record: Record, now: datetime) -> None:
        record[name] = now.isoformat()

    return touch


# Further properties of the published descriptions, with their lengths.
_ADDRESS_TEXTS = {
    "AdditionalStreetPrefixName": 40,
    "AdditionalStreetSuffixName": 40,
    "AddressTimeZone": 6,
    "CareOfName": 40,
    "CityCode": 12,
    "CompanyPostalCode": 10,
    "County": 40,
    "District": 40,
    "FormOfAddress": 4,
    "FullName": 80,
    "HomeCityName": 40,
    "HouseNumberSupplementText": 10,
    "POBox": 10,
    "POBoxPostalCode": 10,
    "POBoxDeviatingCityName": 40,
    "PrfrdCommMediumType": 3,
    "StreetPrefixName": 40,
    "StreetSuffixName": 40,
    "TaxJurisdiction": 15,
    "TransportZone": 10,
}
_PARTNER_TEXTS = {
    "AcademicTitle": 4,
    "AdditionalLastName": 40,
    "AuthorizationGroup": 4,
    "CorrespondenceLanguage": 2,
    "FormOfAddress": 4,
    "Industry": 10,
    "InternationalLocationNumber1": 7,
    "LegalForm": 2,
    "MiddleName": 40,
    "NaturalPersonCitizenship": 3,
    "OrganizationBPName3": 40,
    "OrganizationBPName4": 40,
    "SearchTerm2": 20,
}


def texts(lengths: Mapping[str, int]) -> list[Property]:
    """Writable texts of these lengths."""
    return [P(name, length=length) for name, length in lengths.items()]


EMAIL = EntityType(
    "A_AddressEmailAddress",
    ("AddressID", "Person", "OrdinalNumber"),
    properties(
        P("AddressID", "alpha", 10),
        P("Person", length=10),
        P("OrdinalNumber", length=3),
        P("IsDefaultEmailAddress", "boolean"),
        P("EmailAddress", length=241),
    ),
    is_guarded=False,
)
PHONE = EntityType(
    "A_AddressPhoneNumber",
    ("AddressID", "Person", "OrdinalNumber"),
    properties(
        P("AddressID", "alpha", 10),
        P("Person", length=10),
        P("OrdinalNumber", length=3),
        P("DestinationLocationCountry", length=3),
        P("IsDefaultPhoneNumber", "boolean"),
        P("PhoneNumber", length=30),
        P("InternationalPhoneNumber", length=30, is_writable=False),
    ),
    is_guarded=False,
)
ADDRESS = EntityType(
    "A_BusinessPartnerAddress",
    ("BusinessPartner", "AddressID"),
    properties(
        P("BusinessPartner", "alpha", 10),
        P("AddressID", "alpha", 10),
        P("StreetName", length=60),
        P("HouseNumber", length=10),
        P("PostalCode", length=10),
        P("CityName", length=40),
        P("Region", length=3),
        P("Country", length=3),
        P("Language", length=2),
        P("ValidityStartDate", "moment"),
        *texts(_ADDRESS_TEXTS),
    ),
    {
        "to_EmailAddress": Navigation("to_EmailAddress", EMAIL),
        "to_PhoneNumber": Navigation("to_PhoneNumber", PHONE),
    },
    methods=frozenset({"POST", "PATCH", "MERGE", "PUT", "DELETE"}),
)
ROLE = EntityType(
    "A_BusinessPartnerRole",
    ("BusinessPartner", "BusinessPartnerRole"),
    properties(P("BusinessPartner", "alpha", 10), P("BusinessPartnerRole", length=6)),
    is_guarded=False,
)
SALES_AREA = EntityType(
    "A_CustomerSalesArea",
    ("Customer", "SalesOrganization", "DistributionChannel", "Division"),
    properties(
        P("Customer", "alpha", 10),
        P("SalesOrganization", length=4),
        P("DistributionChannel", length=2),
        P("Division", length=2),
        P("Currency", length=5),
        P("CustomerPaymentTerms", length=4),
        P("DeletionIndicator", "boolean"),
    ),
    is_guarded=False,
)
CUSTOMER = EntityType(
    "A_Customer",
    ("Customer",),
    properties(P("Customer", "alpha", 10), P("OrderIsBlockedForCustomer", length=2)),
    {"to_CustomerSalesArea": Navigation("to_CustomerSalesArea", SALES_AREA)},
    is_guarded=False,
)
PARTNER = EntityType(
    "A_BusinessPartner",
    ("BusinessPartner",),
    properties(
        P("BusinessPartner", "alpha", 10),
        P("BusinessPartnerCategory", length=1),
        P("BusinessPartnerGrouping", length=4),
        P("BusinessPartnerFullName", length=81, is_writable=False),
        P("OrganizationBPName1"),
        P("OrganizationBPName2"),
        P("FirstName"),
        P("LastName"),
        P("SearchTerm1", length=20),
        P("Language", length=2),
        *texts(_PARTNER_TEXTS),
        P("BusinessPartnerIsBlocked", "boolean"),
        P("IsMarkedForArchiving", "boolean"),
        P("BusinessPartnerIDByExtSystem", length=20),
        P("CreationDate", "date", is_writable=False),
        P("CreationTime", "time", is_writable=False),
        P("LastChangeDate", "date", is_writable=False),
        P("LastChangeTime", "time", is_writable=False),
    ),
    {
        "to_BusinessPartnerAddress": Navigation("to_BusinessPartnerAddress", ADDRESS, via="BusinessPartner"),
        "to_BusinessPartnerRole": Navigation("to_BusinessPartnerRole", ROLE),
        "to_Customer": Navigation("to_Customer", CUSTOMER, is_one=True),
    },
    touch=_by_day,
    methods=frozenset({"POST", "PATCH", "MERGE", "PUT"}),
    flag="IsMarkedForArchiving",
)
PRICE = EntityType(
    "A_SalesOrderItemPrElement",
    ("SalesOrder", "SalesOrderItem", "PricingProcedureStep", "PricingProcedureCounter"),
    properties(
        P("SalesOrder", "alpha", 10),
        P("SalesOrderItem", "alpha", 6),
        P("PricingProcedureStep", length=3),
        P("PricingProcedureCounter", length=3),
        P("ConditionType", length=4),
        P("ConditionRateValue", "decimal"),
        P("ConditionCurrency", length=5),
        P("ConditionQuantity", "decimal"),
    ),
    is_guarded=False,
)
ITEM = EntityType(
    "A_SalesOrderItem",
    ("SalesOrder", "SalesOrderItem"),
    properties(
        P("SalesOrder", "alpha", 10),
        P("SalesOrderItem", "alpha", 6),
        P("Material", "alpha", 40),
        P("RequestedQuantity", "decimal"),
        P("RequestedQuantityUnit", length=3),
        P("NetAmount", "decimal", is_writable=False),
        P("TransactionCurrency", length=5, is_writable=False),
        P("SalesDocumentRjcnReason", length=2),
        P("SDProcessStatus", length=1, is_writable=False),
    ),
    {"to_PricingElement": Navigation("to_PricingElement", PRICE)},
    is_guarded=False,
)
ORDER = EntityType(
    "A_SalesOrder",
    ("SalesOrder",),
    properties(
        P("SalesOrder", "alpha", 10),
        P("SalesOrderType", length=4),
        P("SalesOrganization", length=4),
        P("DistributionChannel", length=2),
        P("OrganizationDivision", length=2),
        P("SoldToParty", length=10),
        P("PurchaseOrderByCustomer", length=35),
        P("ExternalDocumentID", is_writable=False),
        P("SalesOrderDate", "date"),
        P("TotalNetAmount", "decimal", is_writable=False),
        P("TransactionCurrency", length=5),
        P("OverallSDProcessStatus", length=1, is_writable=False),
        P("OverallDeliveryStatus", length=1, is_writable=False),
        P("DeliveryBlockReason", length=2),
        P("CreationDate", "date", is_writable=False),
        P("LastChangeDate", "date", is_writable=False),
        P("LastChangeDateTime", "moment", is_writable=False),
    ),
    {"to_Item": Navigation("to_Item", ITEM)},
    touch=_by_moment("LastChangeDateTime"),
    methods=frozenset({"POST", "PATCH", "MERGE", "DELETE"}),
)
DESCRIPTION = EntityType(
    "ProductDescription",
    ("Product", "Language"),
    properties(P("Product", "alpha", 40), P("Language", length=2), P("ProductDescription")),
    is_guarded=False,
)
PRODUCT = EntityType(
    "Product",
    ("Product",),
    properties(
        P("Product", "alpha", 40),
        P("ProductType", length=4),
        P("ProductGroup", length=9),
        P("BaseUnit", length=3),
        P("IsMarkedForDeletion", "boolean"),
        P("CreationDateTime", "moment", is_writable=False),
        P("LastChangeDateTime", "moment", is_writable=False),
    ),
    {"_ProductDescription": Navigation("_ProductDescription", DESCRIPTION)},
    touch=_by_moment("LastChangeDateTime"),
    methods=frozenset({"PATCH"}),
    flag="IsMarkedForDeletion",
)
STOCK = EntityType(
    "A_MatlStkInAcctMod",
    (
        "Material",
        "Plant",
        "StorageLocation",
        "Batch",
        "InventoryStockType",
    ),
    properties(
        P("Material", "alpha", 40),
        P("Plant", length=4),
        P("StorageLocation", length=4),
        P("Batch", length=10),
        P("InventoryStockType", length=2),
        P("InventorySpecialStockType", length=1),
        P("MaterialBaseUnit", length=3),
        P("MatlWrhsStkQtyInMatlBaseUnit", "decimal"),
    ),
    is_guarded=False,
)
ENTITIES = {entity.set_name: entity for entity in (PARTNER, ADDRESS, ORDER, PRODUCT, STOCK, VALIDITY)}
