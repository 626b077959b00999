"""The records that SAP has of the world: companies and each fourth person as partners, and their orders."""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

from sandbox.vendors.sap.conditions import AREA, prices
from sandbox.world import slots
from sandbox.world.catalog import Product, make_products
from sandbox.world.customers import Customer, make_customer, make_customers
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.notation import write_name, write_phone
from sandbox.world.orders import Order, make_orders, order_slot
from sandbox.world.systems import ADDRESS, SystemTruth

Record = dict[str, Any]
PLANT, STORAGE = "1710", "171A"
_NOT_IN_SAP = range(400, 410)
_BLOCKED = range(410, 415)
_ARCHIVED = range(415, 418)
_LONGEST_NAME = 40
_STATUS = {"quotation": "A", "processing": "B", "done": "C", "cancelled": "C"}


def is_present(customer: Customer) -> bool:
    """Whether SAP knows the customer: companies, and each fourth person."""
    if customer.slot in _NOT_IN_SAP:
        return False
    return customer.kind == "company" or customer.slot % 4 == 0


def partner_number(index: int) -> str:
    """The number of the business partner."""
    return str(1_000_001 + index)


def _split_name(name: str) -> tuple[str, str]:
    """A name in two parts of at most forty characters, split at a space where there is one."""
    if len(name) <= _LONGEST_NAME:
        return name, ""
    cut = name.rfind(" ", 0, _LONGEST_NAME + 1)
    at = cut if cut > 0 else _LONGEST_NAME
    return name[:at], name[at:].strip()[:_LONGEST_NAME]


def _changed_at(settings: Settings, customer: Customer, random: Random) -> datetime | None:
    """When the partner was changed; None for one in five, which never was."""
    if random.random() < 0.2:
        return None
    return moment_between(random, customer.created_at, settings.as_of)


def _clock(moment: datetime | None) -> str | None:
    return moment.strftime("PT%HH%MM%SS") if moment else None


def _sold_to(number: str) -> Record:
    """What makes a partner a customer: its role, and the sales area in which it may order."""
    area = {"Customer": number, **AREA, "Division": "00", "Currency": "EUR"}
    return {
        "to_BusinessPartnerRole": [{"BusinessPartner": number, "BusinessPartnerRole": "FLCU01"}],
        "to_Customer": [{"Customer": number, "to_CustomerSalesArea": [area]}],
    }


def _partner(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "sap-partner", customer.index)
    changed_at = _changed_at(settings, customer, random)
    is_company = customer.kind == "company"
    name = write_name(random, customer.name)
    first, second = _split_name(name) if is_company else ("", "")
    return {
        "BusinessPartner": partner_number(customer.index),
        "BusinessPartnerCategory": "2" if is_company else "1",
        "BusinessPartnerGrouping": "BP02",
        "BusinessPartnerFullName": name[:81],
        "OrganizationBPName1": first,
        "OrganizationBPName2": second,
        "FirstName": "" if is_company else customer.first_name,
        "LastName": "" if is_company else customer.last_name,
        "SearchTerm1": customer.last_name.upper()[:20],
        "Language": "EN",
        "BusinessPartnerIsBlocked": customer.slot in _BLOCKED,
        "IsMarkedForArchiving": customer.slot in _ARCHIVED,
        "BusinessPartnerIDByExtSystem": "" if customer.slot % 10 == 0 else customer.code,
        **_sold_to(partner_number(customer.index)),
        "CreationDate": customer.created_at.date().isoformat(),
        "CreationTime": _clock(customer.created_at),
        "LastChangeDate": changed_at.date().isoformat() if changed_at else None,
        "LastChangeTime": _clock(changed_at),
        "__stamp": (changed_at or customer.created_at).isoformat(),
    }


def partners(settings: Settings) -> Iterator[Record]:
    """Business partners, of which some are blocked or marked for the archive."""
    return (_partner(settings, customer) for customer in make_customers(settings) if is_present(customer))


def customer_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each live customer record, and the customer."""
    for customer in make_customers(settings):
        if is_present(customer) and customer.slot not in _ARCHIVED:
            yield partner_number(customer.index), customer.world_id


def _split_street(street: str) -> tuple[str, str]:
    """Street and house number, where the number is at one of the ends."""
    words = street.split(" ")
    if len(words) > 1 and words[-1].isdigit():
        return " ".join(words[:-1]).rstrip(","), words[-1]
    return street, ""


def _address(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "sap-address", customer.index)
    number = str(20_001 + customer.index)
    street, house_number = _split_street(customer.street)
    marks = {"AddressID": number, "Person": "", "OrdinalNumber": "1"}
    phone = write_phone(random, customer.phone, customer.country_code)
    return {
        "BusinessPartner": partner_number(customer.index),
        "AddressID": number,
        "StreetName": street,
        "HouseNumber": house_number,
        "PostalCode": customer.postal_code,
        "CityName": customer.city,
        "Region": "BER" if customer.city == "Berlin" else "",
        "Country": customer.country_code,
        "Language": "EN",
        "ValidityStartDate": customer.created_at.isoformat(),
        "to_EmailAddress": [{**marks, "IsDefaultEmailAddress": True, "EmailAddress": customer.email}],
        "to_PhoneNumber": [
            {
                **marks,
                "IsDefaultPhoneNumber": True,
                "DestinationLocationCountry": customer.country_code,
                "PhoneNumber": phone,
                "InternationalPhoneNumber": customer.phone,
            }
        ],
        "__stamp": customer.created_at.isoformat(),
    }


def addresses(settings: Settings) -> Iterator[Record]:
    """One address per partner, with its e-mail and telephone."""
    return (_address(settings, customer) for customer in make_customers(settings) if is_present(customer))


def _product(product: Product) -> Record:
    return {
        "Product": product.sku,
        "ProductType": "FERT",
        "ProductGroup": product.sku[:3],
        "BaseUnit": "EA",
        "IsMarkedForDeletion": False,
        "CreationDateTime": product.created_at.isoformat(),
        "LastChangeDateTime": product.updated_at.isoformat(),
        "_ProductDescription": [{"Product": product.sku, "Language": "EN", "ProductDescription": product.name}],
        "__stamp": product.updated_at.isoformat(),
    }


def products(settings: Settings) -> Iterator[Record]:
    """All products."""
    return (_product(product) for product in make_products(settings))


def _stock(product: Product) -> Record:
    return {
        "Material": product.sku,
        "Plant": PLANT,
        "StorageLocation": STORAGE,
        "Batch": "",
        "InventoryStockType": "01",
        "InventorySpecialStockType": "",
        "MaterialBaseUnit": "EA",
        "MatlWrhsStkQtyInMatlBaseUnit": f"{product.stock}.000",
        "__stamp": product.updated_at.isoformat(),
    }


def stock(settings: Settings) -> Iterator[Record]:
    """Stock free to use, one row per product."""
    return (_stock(product) for product in make_products(settings))


def order_number(index: int) -> str:
    """The number of the sales order."""
    return str(500_001 + index)


def _order(order: Order) -> Record:
    """A sales order; each third one has a partner number with leading zeros."""
    number, partner = order_number(order.index), partner_number(order.customer_index)
    items = [
        {
            "SalesOrder": number,
            "SalesOrderItem": str(place * 10),
            "Material": line.product.sku,
            "RequestedQuantity": f"{line.quantity}.000",
            "RequestedQuantityUnit": "EA",
            "NetAmount": f"{line.unit_price * line.quantity:.3f}",
            "TransactionCurrency": "EUR",
            "SalesDocumentRjcnReason": "01" if order.is_cancelled else "",
            "SDProcessStatus": _STATUS[order.state],
        }
        for place, line in enumerate(order.lines, 1)
    ]
    return {
        "SalesOrder": number,
        "SalesOrderType": "OR",
        **AREA,
        "OrganizationDivision": "00",
        "SoldToParty": partner if order.index % 3 else partner.zfill(10),
        "PurchaseOrderByCustomer": order.number,
        "SalesOrderDate": order.created_at.date().isoformat(),
        "TotalNetAmount": f"{order.total_amount:.3f}",
        "TransactionCurrency": "EUR",
        "OverallSDProcessStatus": _STATUS[order.state],
        "OverallDeliveryStatus": "C" if order.state == "done" else "A",
        "CreationDate": order.created_at.date().isoformat(),
        "LastChangeDate": order.updated_at.date().isoformat(),
        "LastChangeDateTime": order.updated_at.isoformat(),
        "to_Item": items,
        "__stamp": order.updated_at.isoformat(),
    }


def is_booked(settings: Settings, order: Order) -> bool:
    """Whether SAP has the order: it has those that reached an ERP, except a few."""
    is_ours = order.in_erp and is_present(make_customer(settings, order.customer_index))
    return is_ours and order_slot(settings, order.index) not in slots.NOT_IN_SAP_ORDER


def can_order(customer: Customer) -> bool:
    """Whether SAP would accept an order of the customer: a partner neither blocked nor archived."""
    return is_present(customer) and customer.slot not in _BLOCKED and customer.slot not in _ARCHIVED


def orders(settings: Settings) -> Iterator[Record]:
    """Sales orders of the partners; each holds the shop's name of the order."""
    return (_order(order) for order in make_orders(settings) if is_booked(settings, order))


def lacks_customer(customer: Customer) -> bool:
    """Whether the shop knows the customer, and SAP has no record of it, or one that is in the archive."""
    is_known = is_present(customer) and customer.slot not in _ARCHIVED
    return customer.slot not in slots.NOT_IN_SHOP and not is_known


def lacks_order(settings: Settings, order: Order) -> bool:
    """Whether SAP would accept an order of the customer, new or not, and does not have this one."""
    customer = make_customer(settings, order.customer_index)
    return (can_order(customer) or lacks_customer(customer)) and not is_booked(settings, order)


RESOURCES = {
    "A_BusinessPartner": partners,
    "A_BusinessPartnerAddress": addresses,
    "Product": products,
    "A_MatlStkInAcctMod": stock,
    "A_SlsPrcgCndnRecdValidity": prices,
    "A_SalesOrder": orders,
}
TRUTH = SystemTruth(
    customers="business_partners",
    live={"business_partners": customer_keys},
    writable={"A_BusinessPartner": frozenset({"customer_name"}), "A_BusinessPartnerAddress": ADDRESS},
    owners={"A_BusinessPartner": "business_partners", "A_BusinessPartnerAddress": "business_partners"},
    lacks_customer=lacks_customer,
    lacks_order=lacks_order,
)
