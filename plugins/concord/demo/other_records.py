"""Customers and orders of the systems behind the owners as flat fields in the world's words."""

from collections.abc import Callable, Mapping
from typing import Any

Record = Mapping[str, Any]
Fields = dict[str, Any]


def _under(record: Record, path: str) -> Record:
    """What is held below a name; empty where there is nothing."""
    return record.get(path) or {}


def _hubspot(record: Record) -> tuple[str, Fields]:
    said = record["properties"]
    return record["id"], {
        "first_name": said.get("firstname"),
        "last_name": said.get("lastname"),
        "company_name": said.get("name"),
        "email": said.get("email"),
        "phone": said.get("phone"),
        "street": said.get("address"),
        "city": said.get("city"),
        "postal_code": said.get("zip"),
        "country_code": said.get("country"),
        "has_opted_out": said.get("hs_email_optout"),
    }


def _netsuite(record: Record) -> tuple[str, Fields]:
    names = {"company_name": "companyName", "first_name": "firstName", "last_name": "lastName"}
    return record["id"], {
        **{name: record.get(theirs) for name, theirs in names.items()},
        "email": record.get("email"),
        "phone": record.get("phone"),
        "account_number": record.get("accountNumber"),
    }


def _partner(record: Record) -> tuple[str, Fields]:
    names = ("OrganizationBPName1", "OrganizationBPName2", "FirstName", "LastName")
    return record["BusinessPartner"].lstrip("0"), {
        "customer_name": " ".join(part for name in names if (part := record.get(name))),
        "account_number": record.get("BusinessPartnerIDByExtSystem"),
    }


def _partner_address(record: Record) -> tuple[str, Fields]:
    parts = (record.get("StreetName"), record.get("HouseNumber"))
    return record["BusinessPartner"].lstrip("0"), {
        "street": " ".join(part for part in parts if part),
        "city": record.get("CityName"),
        "postal_code": record.get("PostalCode"),
        "country_code": record.get("Country"),
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
    said = record["attributes"]
    place = _under(said, "location")
    return record["id"], {
        "first_name": said.get("first_name"),
        "last_name": said.get("last_name"),
        "company_name": said.get("organization"),
        "email": said.get("email"),
        "phone": said.get("phone_number"),
        "street": place.get("address1"),
        "city": place.get("city"),
        "postal_code": place.get("zip"),
        "country_code": place.get("country"),
        "email_consent": said["subscriptions"]["email"]["marketing"]["consent"],
    }


def _old_shop(row: Record) -> tuple[str, Fields]:
    """Without the padding of its columns; the number has no plus sign, and 0 is none."""
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


def _ledger_order(record: Record) -> tuple[str, Fields]:
    names = ("externalId", "otherRefNum", "entity", "total", "status")
    return record["id"], {name: record.get(name) for name in names}


def _deal(record: Record) -> tuple[str, Fields]:
    said = record["properties"]
    return record["id"], {
        "reference": said.get("shop_order_name"),
        "amount": said.get("amount"),
        "stage": said.get("dealstage"),
        "is_archived": "yes" if record["archived"] else None,
    }


def _old_shop_message(row: Record) -> tuple[str, Fields]:
    return row["msg_id"], {name: row[name] for name in ("entity", "entkey", "payload")}


OTHERS: Mapping[tuple[str, str], Callable[[Record], tuple[str, Fields]]] = {
    ("hubspot", "contacts"): _hubspot,
    ("hubspot", "companies"): _hubspot,
    ("netsuite", "customers"): _netsuite,
    ("sap", "A_BusinessPartner"): _partner,
    ("sap", "A_BusinessPartnerAddress"): _partner_address,
    ("stripe", "customers"): _stripe,
    ("klaviyo", "profiles"): _klaviyo,
    ("legacy_sql", "customers"): _old_shop,
    ("sap", "A_SalesOrder"): _sap_order,
    ("netsuite", "sales_orders"): _ledger_order,
    ("hubspot", "deals"): _deal,
    ("legacy_sql", "inbox"): _old_shop_message,
}
