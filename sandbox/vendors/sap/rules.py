"""Checks partners, addresses and sales orders before they are written, as SAP does."""

from decimal import Decimal

from sandbox.server.clock import to_datetime
from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.odata.errors import ODataError, bad
from sandbox.vendors.odata.model import EntityType
from sandbox.vendors.odata.service import Service
from sandbox.vendors.sap.entities import ADDRESS, ORDER, PARTNER, PRODUCT
from sandbox.world.pools import COUNTRY_BY_CODE

_FIRST_ORDER, _FIRST_PARTNER, _FIRST_ADDRESS = 7_000_001, 9_000_001, 8_000_001
_THOUSANDTH = Decimal("0.001")


class Partners(Service):
    """A partner needs a name, and an address a country that exists; both get their numbers from SAP."""

    def check(self, entity: EntityType, record: Record, *, is_new: bool) -> None:
        if is_new and entity is PARTNER:
            self._number_partner(record)
        if is_new and entity is ADDRESS:
            self._number_address(record)
        is_company = entity is PARTNER and record.get("BusinessPartnerCategory") == "2"
        if is_company and not str(record.get("OrganizationBPName1") or "").strip():
            raise bad("Enter a name for the organization", code="R1/166", target="OrganizationBPName1")
        if entity is ADDRESS and record.get("Country") not in COUNTRY_BY_CODE:
            message = f"Country/Region {record.get('Country')} is not defined"
            raise bad(message, code="AM/217", target="Country")

    def _number_partner(self, record: Record) -> None:
        if record.get("BusinessPartnerCategory") not in ("1", "2", "3"):
            raise bad("Enter a business partner category", code="R1/101", target="BusinessPartnerCategory")
        if record.get("BusinessPartnerCategory") == "1" and not str(record.get("LastName") or "").strip():
            raise bad("Enter a last name", code="R1/165", target="LastName")
        number = _next(self.store, "partners", _FIRST_PARTNER)
        names = ("OrganizationBPName1", "OrganizationBPName2", "FirstName", "LastName")
        record["BusinessPartner"] = number
        record["BusinessPartnerFullName"] = " ".join(filter(None, map(record.get, names)))[:81]
        record["CreationDate"] = to_datetime(self.store.clock.tick()).date().isoformat()
        record["CreationTime"] = to_datetime(self.store.clock.tick()).strftime("PT%HH%MM%SS")
        for role in record.get("to_BusinessPartnerRole", []):
            role["BusinessPartner"] = number
        for customer in record.get("to_Customer", []):
            for area in customer.get("to_CustomerSalesArea", []):
                area["Customer"] = number
            customer["Customer"] = number

    def _number_address(self, record: Record) -> None:
        record["AddressID"] = _next(self.store, "addresses", _FIRST_ADDRESS)
        marks = {"to_EmailAddress": "IsDefaultEmailAddress", "to_PhoneNumber": "IsDefaultPhoneNumber"}
        for name, mark in marks.items():
            for place, part in enumerate(record.get(name, []), 1):
                part |= {"AddressID": record["AddressID"], "Person": "", "OrdinalNumber": str(place)}
                part[mark] = place == 1


class Orders(Service):
    """A sales order needs a partner and materials that exist; its numbers and amounts are SAP's own."""

    def check(self, entity: EntityType, record: Record, *, is_new: bool) -> None:
        if entity is not ORDER or not is_new:
            return
        for name in ("SalesOrderType", "SalesOrganization", "DistributionChannel", "OrganizationDivision"):
            if not record.get(name):
                raise bad(f"Enter {name}", code="V1/302", target=name)
        partner = str(record.get("SoldToParty") or "").lstrip("0")
        if not _is_maintained(self.store.get(PARTNER.set_name, partner), record):
            message = f"Sold-to party {partner} not maintained for sales area"
            raise bad(message, code="VP/199", target="SoldToParty")
        record["SalesOrder"] = _next(self.store, "orders", _FIRST_ORDER)
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


def _next(store: Store, name: str, first: int) -> str:
    """The next number of an internal range."""
    number = int(store.noted("sequence", name) or first)
    store.note("sequence", name, number + 1)
    return str(number)


def _is_maintained(partner: Record | None, order: Record) -> bool:
    """Whether the partner is a customer in the order's sales area."""
    customers = partner.get("to_Customer", []) if partner else []
    pairs = {"SalesOrganization": "SalesOrganization", "DistributionChannel": "DistributionChannel"}
    pairs["Division"] = "OrganizationDivision"
    return any(
        all(area.get(own) == order.get(theirs) for own, theirs in pairs.items())
        for customer in customers
        for area in customer.get("to_CustomerSalesArea", [])
    )


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
