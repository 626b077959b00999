"""Turns records of the systems into flat fields under the names that the world uses for them.

This file holds the three systems that own fields: the shop, the CRM and the ERP.
"""

from collections.abc import Mapping

from sandbox.referee.control_desk import Record
from sandbox.referee.flat_other_records import FLAT_OTHERS, Fields
from sandbox.world.systems import Flat, find_truths

FIRST = frozenset({"shopify", "salesforce", "tryton"})


def flatten(system: str, resource: str, record: Record) -> tuple[str, Fields]:
    """The key of a record, and its fields."""
    return find_flat()[system, resource](record)


def find_flat() -> Mapping[tuple[str, str], Flat]:
    """How a record of each resource that is judged is read, by its system."""
    own = find_truths().items()
    return {**FLAT, **{(name, resource): read for name, truth in own for resource, read in truth.flat.items()}}


def _customer(record: Record) -> tuple[str, Fields]:
    address = record.get("defaultAddress") or {}
    return record["id"], {
        "first_name": record.get("firstName"),
        "last_name": record.get("lastName"),
        "email": (record.get("defaultEmailAddress") or {}).get("emailAddress"),
        "phone": (record.get("defaultPhoneNumber") or {}).get("phoneNumber"),
        "company_name": address.get("company"),
        "street": address.get("address1"),
        "city": address.get("city"),
        "postal_code": address.get("zip"),
        "country_code": address.get("countryCodeV2"),
        "note": record.get("note"),
    }


def _variant(record: Record) -> tuple[str, Fields]:
    return record["id"], {"price": record.get("price"), "sku": record.get("sku")}


def _item(record: Record) -> tuple[str, Fields]:
    # The world generates one stock level per item; the shop stores a list with a level for each location.
    levels = record.get("inventoryLevels") or [record["inventoryLevel"]]
    stock = sum(level["quantities"][0]["quantity"] for level in levels)
    return record["id"], {"stock": stock, "sku": record.get("sku")}


def _shop_order(record: Record) -> tuple[str, Fields]:
    """An order with the tracking numbers of all its parcels, so that a parcel too many is noticed."""
    parcels = [item for item in record["fulfillments"] if item["status"] == "SUCCESS"]
    labels = [label for parcel in parcels for label in parcel["trackingInfo"]]
    return record["id"], {
        "email": record.get("email"),
        "note": record.get("note"),
        "cancelled_at": record.get("cancelledAt"),
        "carrier_name": ", ".join(label["company"] for label in labels),
        "tracking_number": ", ".join(label["number"] for label in labels),
        "delivery_status": ", ".join(parcel["displayStatus"] for parcel in parcels),
    }


def _account(record: Record) -> tuple[str, Fields]:
    return record["Id"], {
        "customer_name": record.get("Name"),
        "street": record.get("BillingStreet"),
        "city": record.get("BillingCity"),
        "postal_code": record.get("BillingPostalCode"),
        "country_code": record.get("BillingCountry"),
        "account_number": record.get("AccountNumber"),
        "is_deleted": record.get("IsDeleted"),
    }


def _contact(record: Record) -> tuple[str, Fields]:
    return record["Id"], {
        "first_name": record.get("FirstName"),
        "last_name": record.get("LastName"),
        "email": record.get("Email"),
        "phone": record.get("Phone"),
        "account": record.get("AccountId"),
        "is_deleted": record.get("IsDeleted"),
    }


def _order(record: Record) -> tuple[str, Fields]:
    return record["Id"], {
        "status": record.get("Status"),
        "delivery_status": record.get("Delivery_Status__c"),
        "is_deleted": record.get("IsDeleted"),
    }


def _party(record: Record) -> tuple[str, Fields]:
    first: Record = next(iter(record["addresses"]), {})
    address = {name: first.get(name) for name in ("street", "city", "postal_code", "country_code")}
    return record["code"], {"customer_name": record["name"], **address, "is_active": record["active"]}


def _product(record: Record) -> tuple[str, Fields]:
    return record["code"], {
        "name": record["name"],
        "price": float(record["list_price"]),
        "stock": int(record["stock"]),
    }


def read_mechanisms(party: Record) -> set[tuple[str, str]]:
    """The e-mail addresses and telephone numbers of a party, as pairs of kind (email or phone) and value."""
    kinds = {"email": "email", "phone": "phone", "mobile": "phone"}
    return {(kinds[item["type"]], item["value"]) for item in party["contact_mechanisms"] if item["type"] in kinds}


FLAT: dict[tuple[str, str], Flat] = {
    ("shopify", "customers"): _customer,
    ("shopify", "product_variants"): _variant,
    ("shopify", "inventory_items"): _item,
    ("shopify", "orders"): _shop_order,
    ("salesforce", "accounts"): _account,
    ("salesforce", "contacts"): _contact,
    ("salesforce", "orders"): _order,
    ("tryton", "parties"): _party,
    ("tryton", "products"): _product,
    **FLAT_OTHERS,
}
