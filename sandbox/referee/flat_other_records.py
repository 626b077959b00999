"""Turns records of the systems that own no field into flat fields under the names that the world uses for them."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.referee.control_desk import Record

Fields = dict[str, Any]


def _under(record: Record, path: str) -> Record:
    """The object under a name; empty where the record has none."""
    return record.get(path) or {}


def _first(record: Record, path: str) -> Record:
    """The first object of a list; empty where the list is."""
    return next(iter(record.get(path) or []), {})


def _hubspot(record: Record) -> tuple[str, Fields]:
    properties = record["properties"]
    return record["id"], {
        "first_name": properties.get("firstname"),
        "last_name": properties.get("lastname"),
        "company_name": properties.get("name"),
        "email": properties.get("email"),
        "phone": properties.get("phone"),
        "street": properties.get("address"),
        "city": properties.get("city"),
        "postal_code": properties.get("zip"),
        "country_code": properties.get("country"),
        "has_opted_out": properties.get("hs_email_optout"),
    }


def _netsuite(record: Record) -> tuple[str, Fields]:
    names = {"company_name": "companyName", "first_name": "firstName", "last_name": "lastName"}
    address = _under(_first(_under(record, "addressBook"), "items"), "addressBookAddress")
    return record["id"], {
        **{name: record.get(theirs) for name, theirs in names.items()},
        "email": record.get("email"),
        "phone": record.get("phone"),
        "street": address.get("addr1"),
        "city": address.get("city"),
        "postal_code": address.get("zip"),
        "country_code": _under(address, "country").get("id"),
        "account_number": record.get("accountNumber"),
    }


def _sap_partner(record: Record) -> tuple[str, Fields]:
    names = ("OrganizationBPName1", "OrganizationBPName2", "FirstName", "LastName")
    return record["BusinessPartner"].lstrip("0"), {
        "customer_name": " ".join(part for name in names if (part := record.get(name))),
        "account_number": record.get("BusinessPartnerIDByExtSystem"),
    }


def _sap_address(record: Record) -> tuple[str, Fields]:
    parts = (record.get("StreetName"), record.get("HouseNumber"))
    return record["BusinessPartner"].lstrip("0"), {
        "street": " ".join(part for part in parts if part),
        "city": record.get("CityName"),
        "postal_code": record.get("PostalCode"),
        "country_code": record.get("Country"),
        "email": _first(record, "to_EmailAddress").get("EmailAddress"),
        "phone": _first(record, "to_PhoneNumber").get("PhoneNumber"),
    }


def _stripe(record: Record) -> tuple[str, Fields]:
    address = _under(record, "address")
    return record["id"], {
        "customer_name": record.get("name"),
        "email": record.get("email"),
        "phone": record.get("phone"),
        "street": address.get("line1"),
        "city": address.get("city"),
        "postal_code": address.get("postal_code"),
        "country_code": address.get("country"),
    }


def _klaviyo(record: Record) -> tuple[str, Fields]:
    attributes = record["attributes"]
    location = _under(attributes, "location")
    return record["id"], {
        "first_name": attributes.get("first_name"),
        "last_name": attributes.get("last_name"),
        "company_name": attributes.get("organization"),
        "email": attributes.get("email"),
        "phone": attributes.get("phone_number"),
        "street": location.get("address1"),
        "city": location.get("city"),
        "postal_code": location.get("zip"),
        "country_code": location.get("country"),
        "email_consent": attributes["subscriptions"]["email"]["marketing"]["consent"],
    }


def _old_shop(row: Record) -> tuple[str, Fields]:
    """A row without the padding of its columns. The phone column has no plus sign, and 0 means no number."""
    names = {"street": "custr", "postal_code": "cuzip", "city": "cucity", "country_code": "cuctry"}
    return row["cusno"].strip(), {
        **{name: row[theirs].strip() for name, theirs in names.items()},
        "customer_name": " ".join(f"{row['cunam1']} {row['cunam2']}".split()),
        "email": row["cumail"].strip(),
        "phone": f"+{row['cutel']}" if row["cutel"] else None,
        "loyalty_points": int(row["loypts"]),
    }


def _sap_order(record: Record) -> tuple[str, Fields]:
    names = ("PurchaseOrderByCustomer", "TotalNetAmount", "OverallSDProcessStatus")
    return record["SalesOrder"].lstrip("0"), {
        **{name: record.get(name) for name in names},
        "partner": record["SoldToParty"].lstrip("0"),
    }


def _netsuite_order(record: Record) -> tuple[str, Fields]:
    names = ("externalId", "otherRefNum", "entity", "total", "status")
    return record["id"], {name: record.get(name) for name in names}


def _hubspot_deal(record: Record) -> tuple[str, Fields]:
    properties = record["properties"]
    return record["id"], {
        "reference": properties.get("shop_order_name"),
        "amount": properties.get("amount"),
        "stage": properties.get("dealstage"),
        "is_archived": "yes" if record["archived"] else None,
    }


def _old_shop_message(row: Record) -> tuple[str, Fields]:
    return row["msg_id"], {name: row[name] for name in ("entity", "entkey", "payload")}


FLAT_OTHERS: Mapping[tuple[str, str], Callable[[Record], tuple[str, Fields]]] = {
    ("hubspot", "contacts"): _hubspot,
    ("hubspot", "companies"): _hubspot,
    ("netsuite", "customers"): _netsuite,
    ("sap", "A_BusinessPartner"): _sap_partner,
    ("sap", "A_BusinessPartnerAddress"): _sap_address,
    ("stripe", "customers"): _stripe,
    ("klaviyo", "profiles"): _klaviyo,
    ("legacy_sql", "customers"): _old_shop,
    ("sap", "A_SalesOrder"): _sap_order,
    ("netsuite", "sales_orders"): _netsuite_order,
    ("hubspot", "deals"): _hubspot_deal,
    ("legacy_sql", "inbox"): _old_shop_message,
}
