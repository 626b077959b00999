"""SAP's services, and what every new record takes from the connection's extra fields."""

from collections.abc import Mapping

from concord.protocols.odata.service import ODataService, Version

_PARAMETERS = {"sap-client": "client", "sap-language": "language"}
_V2, _V4 = "/sap/opu/odata/sap", "/sap/opu/odata4/sap"


def _service(path: str, option: str, version: Version = Version.V2) -> ODataService:
    """One of the services; all want the same."""
    return ODataService(path, version, option, _PARAMETERS, needs_token=True)


PARTNERS = _service(f"{_V2}/API_BUSINESS_PARTNER", "business_partner_path")
ORDERS = _service(f"{_V2}/API_SALES_ORDER_SRV", "sales_order_path")
STOCK = _service(f"{_V2}/API_MATERIAL_STOCK_SRV", "stock_path")
PRICES = _service(f"{_V2}/API_SLSPRICINGCONDITIONRECORD_SRV", "price_path")
PRODUCTS = _service(f"{_V4}/api_product/srvd_a2x/sap/product/0002", "product_path", Version.V4)

_ORGANIZATION, _CHANNEL = ("sales_organization", "1710"), ("distribution_channel", "10")
_DIVISION = ("division", "00")
ORDER_TERMS: Mapping[str, object] = {
    "SalesOrderType": ("order_type", "OR"),
    "SalesOrganization": _ORGANIZATION,
    "DistributionChannel": _CHANNEL,
    "OrganizationDivision": _DIVISION,
}
_SALES_AREA = {
    "SalesOrganization": _ORGANIZATION,
    "DistributionChannel": _CHANNEL,
    "Division": _DIVISION,
    "Currency": ("customer_currency", "EUR"),
}
PARTNER_TERMS: Mapping[str, object] = {
    "BusinessPartnerGrouping": ("partner_grouping", "BP02"),
    "to_BusinessPartnerRole": {"results": [{"BusinessPartnerRole": ("partner_role", "FLCU01")}]},
    "to_Customer": {"to_CustomerSalesArea": {"results": [_SALES_AREA]}},
}
PRICE_TERMS = dict([("price_condition_type", "PPR0"), _ORGANIZATION, _CHANNEL])
