"""Prints the ERP's records as Tryton's own client library reads them: run in Tryton's own environment.

The referee uses it because it shares no code with Concord, neither its client nor its field mapping.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from proteus import Model, config

Values = dict[str, Any]


def search(model: str, *fields: str, context: Values | None = None) -> list[Values]:
    """All records of a model in one call; proteus' own records would ask the server for one at a time."""
    client = config.get_config()
    proxy = client.get_proxy(model)
    return proxy.search_read([], 0, None, [("id", "ASC")], list(fields), {**client.context, **(context or {})})


def _read_address(address: Values) -> Values:
    values = {name: address[name] for name in ("id", "street", "city", "postal_code", "active")}
    return {**values, "country_code": (address["country."] or {}).get("code"), "active": bool(address["active"])}


def read_parties() -> Iterator[Values]:
    """Every party, inactive ones too, with its addresses and contact mechanisms."""
    where = ("street", "city", "postal_code", "country.code", "active")
    how = ("type", "value", "active")
    for party in search(
        "party.party",
        "code",
        "name",
        "active",
        *(f"addresses.{name}" for name in where),
        *(f"contact_mechanisms.{name}" for name in how),
    ):
        yield {
            "id": party["id"],
            "code": party["code"],
            "name": party["name"],
            "active": bool(party["active"]),
            "addresses": [_read_address(address) for address in party["addresses."]],
            "contact_mechanisms": [
                {**mechanism, "active": bool(mechanism["active"])} for mechanism in party["contact_mechanisms."]
            ],
        }


def read_products() -> Iterator[Values]:
    """Every product with its list price and what is on hand in the warehouse."""
    (warehouse,) = Model.get("stock.location").find([("type", "=", "warehouse")])
    fields = ("code", "name", "template.list_price", "quantity", "active")
    for product in search("product.product", *fields, context={"locations": [warehouse.id]}):
        yield {
            "id": product["id"],
            "code": product["code"],
            "name": product["name"],
            "list_price": str(product["template."]["list_price"]),
            "stock": product["quantity"],
            "active": bool(product["active"]),
        }


def read_sales() -> Iterator[Values]:
    """Every sale with its lines."""
    lines = ("product.code", "quantity", "unit_price")
    own = ("number", "reference", "party.code", "state", "currency.code", "total_amount", "sale_date")
    for sale in search("sale.sale", *own, *(f"lines.{name}" for name in lines)):
        yield {
            "id": sale["id"],
            "number": sale["number"],
            "reference": sale["reference"],
            "party_code": sale["party."]["code"],
            "state": sale["state"],
            "currency": sale["currency."]["code"],
            "total_amount": str(sale["total_amount"]),
            "sale_date": sale["sale_date"] and sale["sale_date"].isoformat(),
            "lines": [
                {
                    "sku": line["product."]["code"],
                    "quantity": line["quantity"],
                    "unit_price": str(line["unit_price"]),
                }
                for line in sale["lines."]
            ],
        }


READERS = {"parties": read_parties, "products": read_products, "sales": read_sales}


def main(database: str, *resources: str) -> None:
    """Print the resources asked for, or all, as one JSON object; TRYTOND_CONFIG names the configuration."""
    client = config.set_trytond(database=database, user="admin")
    preferences = Model.get("res.user").get_preferences(True, {})  # noqa: FBT003 # only what a context needs
    client._context = {**preferences, "active_test": False}  # noqa: SLF001 # the way Tryton's own scenarios do it
    found = {resource: list(READERS[resource]()) for resource in resources or READERS}
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
