"""Checks partners, addresses and sales orders before they are written, as SAP does."""

from decimal import Decimal

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.odata.errors import ODataError, bad
from sandbox.vendors.odata.model import EntityType
from sandbox.vendors.odata.service import Service
from sandbox.vendors.sap.entities import ADDRESS, ORDER, PARTNER, PRODUCT
from sandbox.world.pools import COUNTRY_BY_CODE

_FIRST_ORDER = 7_000_001
_THOUSANDTH = Decimal("0.001")


class Partners(Service):
    """A partner needs a name, and an address a country that exists."""

    def check(self, entity: EntityType, record: Record, *, is_new: bool) -> None:
        is_company = entity is PARTNER and record.get("BusinessPartnerCategory") == "2"
        if is_company and not str(record.get("OrganizationBPName1") or "").strip():
            raise bad("Enter a name for the organization", code="R1/166", target="OrganizationBPName1")
        if entity is ADDRESS and record.get("Country") not in COUNTRY_BY_CODE:
            message = f"Country/Region {record.get('Country')} is not defined"
            raise bad(message, code="AM/217", target="Country")


class Orders(Service):
    """A sales order needs a partner and materials that exist; its numbers and amounts are SAP's own."""

    def check(self, entity: EntityType, record: Record, *, is_new: bool) -> None:
        if entity is not ORDER or not is_new:
            return
        for name in ("SalesOrderType", "SalesOrganization", "DistributionChannel", "OrganizationDivision"):
            if not record.get(name):
                raise bad(f"Enter {name}", code="V1/302", target=name)
        partner = str(record.get("SoldToParty") or "").lstrip("0")
        if self.store.get(PARTNER.set_name, partner) is None:
            message = f"Sold-to party {partner} not maintained for sales area"
            raise bad(message, code="VP/199", target="SoldToParty")
        number = int(self.store.noted("sequence", "orders") or _FIRST_ORDER)
        self.store.note("sequence", "orders", number + 1)
        record["SalesOrder"] = str(number)
        self._complete(record)

    def _complete(self, record: Record) -> None:
        total = Decimal(0)
        for place, item in enumerate(record.get("to_Item", []), 1):
            item["SalesOrder"] = record["SalesOrder"]
            item["SalesOrderItem"] = item.get("SalesOrderItem") or str(place * 10)
            item["TransactionCurrency"] = record.get("TransactionCurrency", "")
            item["NetAmount"] = str(_net_amount(self.store, item))
            item["SDProcessStatus"] = "A"
            total += Decimal(item["NetAmount"])
        if not record.get("to_Item"):
            raise bad("A sales order needs an item", code="V1/555", target="to_Item")
        record |= {"TotalNetAmount": str(total), "OverallSDProcessStatus": "A", "OverallDeliveryStatus": "A"}
        record["CreationDate"] = record.get("SalesOrderDate")


def _net_amount(store: Store, item: Record) -> Decimal:
    material = PRODUCT.properties["Product"].show(2, item.get("Material") or "")
    if store.get(PRODUCT.set_name, str(material)) is None:
        raise bad(f"Material {material} is not defined for sales org. 1710", code="V1/331", target="to_Item")
    quantity = Decimal(item.get("RequestedQuantity") or 0)
    if quantity <= 0:
        raise bad("Enter a quantity", code="V1/246", target="to_Item")
    prices = [Decimal(price.get("ConditionRateValue") or 0) for price in item.get("to_PricingElement", [])]
    return (sum(prices, Decimal(0)) * quantity).quantize(_THOUSANDTH)


def locked(entity: str, status: int) -> ODataError:
    """The error for a record that another user has open."""
    return ODataError(status, "R1/409", f"{entity} is currently being processed by user MUELLER")
