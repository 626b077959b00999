"""Records of the systems as flat fields in the world's words, from the systems themselves."""

from collections.abc import Iterator

import requests

from concord.demo.other_records import OTHERS, Fields, Record
from concord.errors import NetworkError

PAGE = 1000
TIMEOUT = 30.0
SHOPIFY = ("customers", "product_variants", "inventory_items", "orders")
SALESFORCE = ("accounts", "contacts", "orders")


def read_vendor(url: str, resource: str) -> Iterator[Record]:
    """All records of one collection as the vendor's own control desk shows them."""
    after: str | None = None
    with requests.Session() as session:
        session.trust_env = False
        while True:
            params = {"limit": str(PAGE), **({"after": after} if after else {})}
            try:
                answer = session.get(f"{url}/__control/records/{resource}", params=params, timeout=TIMEOUT)
                answer.raise_for_status()
            except requests.RequestException as error:
                raise NetworkError(f"{url} does not answer.", url=url) from error
            page = answer.json()
            yield from page["records"]
            after = page["next"]
            if after is None:
                return


def flatten(system: str, resource: str, record: Record) -> tuple[str, Fields]:
    """The key of a record, and what it says."""
    return FLAT[system, resource](record)


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
    # The world speaks of the one location a query asks for, the shop keeps a level for each.
    levels = record.get("inventoryLevels") or [record["inventoryLevel"]]
    stock = sum(level["quantities"][0]["quantity"] for level in levels)
    return record["id"], {"stock": stock, "sku": record.get("sku")}


def _shop_order(record: Record) -> tuple[str, Fields]:
    """An order with what left for it: all numbers, so that a parcel too many is seen."""
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
    address: Record = next(iter(record["addresses"]), {})
    place = {name: address.get(name) for name in ("street", "city", "postal_code", "country_code")}
    return record["code"], {"customer_name": record["name"], **place, "is_active": record["active"]}


def _product(record: Record) -> tuple[str, Fields]:
    return record["code"], {
        "name": record["name"],
        "price": float(record["list_price"]),
        "stock": int(record["stock"]),
    }


def read_mechanisms(party: Record) -> set[tuple[str, str]]:
    """The telephone numbers and addresses by which a party is reached: (email or phone, value)."""
    kinds = {"email": "email", "phone": "phone", "mobile": "phone"}
    return {(kinds[item["type"]], item["value"]) for item in party["contact_mechanisms"] if item["type"] in kinds}


FLAT = {
    ("shopify", "customers"): _customer,
    ("shopify", "product_variants"): _variant,
    ("shopify", "inventory_items"): _item,
    ("shopify", "orders"): _shop_order,
    ("salesforce", "accounts"): _account,
    ("salesforce", "contacts"): _contact,
    ("salesforce", "orders"): _order,
    ("tryton", "parties"): _party,
    ("tryton", "products"): _product,
    **OTHERS,
}
