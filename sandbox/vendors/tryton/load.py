"""Fills a bootstrapped Tryton database with a world, in process and in bulk: run in Tryton's own environment.

Sales get the state that they have in the world without the steps of the workflow, and all
dates are the world's, so that a window over any of the last ninety days finds the right records.
"""

import datetime
import json
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from trytond.pool import Pool
from trytond.transaction import Transaction

# SQLite refuses the uniqueness check of more than about a hundred products in one statement.
_SLICE = 80
_COMPANY = 1
Record = dict[str, Any]
Loaded = dict[str, Any]


def read_records(folder: Path, resource: str) -> list[Record]:
    """The records of one resource as the world wrote them."""
    with (folder / f"{resource}.ndjson").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def in_slices(items: list[Record]) -> Iterator[list[Record]]:
    """Slices of bounded size, for one create call each."""
    return (items[start : start + _SLICE] for start in range(0, len(items), _SLICE))


def find_countries(pool: Pool) -> dict[str, int]:
    """Country ids by code."""
    return {country.code: country.id for country in pool.get("country.country").search([])}


def _party_values(record: Record, countries: dict[str, int]) -> Record:
    return {
        "code": record["code"],
        "name": record["name"],
        "active": record["active"],
        "addresses": [
            (
                "create",
                [
                    {
                        "street": address["street"],
                        "city": address["city"],
                        "postal_code": address["postal_code"],
                        "country": countries[address["country_code"]],
                    }
                    for address in record["addresses"]
                ],
            )
        ],
        "contact_mechanisms": [("create", record["contact_mechanisms"])],
    }


def load_parties(pool: Pool, records: list[Record]) -> Loaded:
    """Parties with their children; returns records by code."""
    Party = pool.get("party.party")
    countries = find_countries(pool)
    parties = {}
    for portion in in_slices(records):
        for party in Party.create([_party_values(record, countries) for record in portion]):
            parties[party.code] = party
    return parties


def _template_values(record: Record, unit: int, category: int) -> Record:
    return {
        "name": record["name"],
        "type": "goods",
        "default_uom": unit,
        "sale_uom": unit,
        "salable": True,
        "account_category": category,
        "list_price": Decimal(record["list_price"]),
        "products": [("create", [{"suffix_code": record["code"]}])],
    }


def load_products(pool: Pool, records: list[Record]) -> Loaded:
    """One template and one product per article; returns products by code."""
    (unit,) = pool.get("product.uom").search([("symbol", "=", "u")])
    (category,) = pool.get("product.category").search([("accounting", "=", True)])
    products = {}
    for portion in in_slices(records):
        values = [_template_values(record, unit.id, category.id) for record in portion]
        for template in pool.get("product.template").create(values):
            products |= {product.code: product for product in template.products}
    return products


def load_stock(pool: Pool, records: list[Record], products: Loaded) -> None:
    """One inventory on the day before the oldest record, so that every later day sees the stock."""
    (warehouse,) = pool.get("stock.location").search([("type", "=", "warehouse")])
    oldest = min(datetime.date.fromisoformat(record["created_at"][:10]) for record in records)
    Inventory = pool.get("stock.inventory")
    (inventory,) = Inventory.create(
        [
            {
                "company": _COMPANY,
                "location": warehouse.storage_location.id,
                "date": oldest - datetime.timedelta(days=1),
                "lines": [
                    (
                        "create",
                        [
                            {"product": products[record["code"]].id, "quantity": float(record["stock"])}
                            for record in records
                        ],
                    )
                ],
            }
        ]
    )
    Inventory.confirm([inventory])


def _sale_values(record: Record, party: Any, products: Loaded, *, euro: int) -> Record:
    address = party.addresses[0].id
    return {
        "party": party.id,
        "currency": euro,
        "reference": record["reference"],
        "sale_date": datetime.date.fromisoformat(record["sale_date"]),
        "invoice_address": address,
        "shipment_address": address,
        "lines": [
            (
                "create",
                [
                    {
                        "type": "line",
                        "product": products[line["sku"]].id,
                        "quantity": float(line["quantity"]),
                        "unit": products[line["sku"]].default_uom.id,
                        "unit_price": Decimal(line["unit_price"]),
                    }
                    for line in record["lines"]
                ],
            )
        ],
    }


def load_sales(pool: Pool, records: list[Record], *, parties: Loaded, products: Loaded) -> Loaded:
    """Sales in the state they have in the world; returns them by reference."""
    (euro,) = pool.get("currency.currency").search([("code", "=", "EUR")])
    Sale = pool.get("sale.sale")
    loaded = {}
    for portion in in_slices(records):
        sales = Sale.create(
            [_sale_values(record, parties[record["party_code"]], products, euro=euro.id) for record in portion]
        )
        Sale.set_number(sales)
        Sale.store_cache(sales)
        by_state = {}
        for sale, record in zip(sales, portion, strict=True):
            by_state.setdefault(record["state"], []).append(sale)
        for state, members in by_state.items():
            Sale.write(members, {"state": state})
        loaded |= {sale.reference: sale for sale in sales}
    return loaded


def _set_dates(table: Any, condition: Any, record: Record) -> None:
    columns = [table.create_date, table.write_date]
    values = [datetime.datetime.fromisoformat(record[name]) for name in ("created_at", "updated_at")]
    Transaction().connection.cursor().execute(*table.update(columns, values, where=condition))


def date_parties(pool: Pool, records: list[Record], parties: Loaded) -> None:
    """The world's dates in place of today's, children included."""
    party, address, mechanism = (
        pool.get(name).__table__() for name in ("party.party", "party.address", "party.contact_mechanism")
    )
    for record in records:
        key = parties[record["code"]].id
        _set_dates(party, party.id == key, record)
        _set_dates(address, address.party == key, record)
        _set_dates(mechanism, mechanism.party == key, record)


def date_house(pool: Pool) -> None:
    """Date the party of the company itself before the world, so that no window reads it as a customer."""
    founded = {"created_at": "2020-01-01T00:00:00", "updated_at": "2020-01-01T00:00:00"}
    party, address = (pool.get(name).__table__() for name in ("party.party", "party.address"))
    house = pool.get("company.company")(_COMPANY).party.id
    _set_dates(party, party.id == house, founded)
    _set_dates(address, address.party == house, founded)


def date_products(pool: Pool, records: list[Record], products: Loaded) -> None:
    """Template and product both."""
    template, product = (pool.get(name).__table__() for name in ("product.template", "product.product"))
    for record in records:
        loaded = products[record["code"]]
        _set_dates(template, template.id == loaded.template.id, record)
        _set_dates(product, product.id == loaded.id, record)


def date_sales(pool: Pool, records: list[Record], sales: Loaded) -> None:
    """Sale and lines both."""
    sale, line = (pool.get(name).__table__() for name in ("sale.sale", "sale.line"))
    for record in records:
        key = sales[record["reference"]].id
        _set_dates(sale, sale.id == key, record)
        _set_dates(line, line.sale == key, record)


def load_world(database: str, folder: Path) -> dict[str, float]:
    """Everything in one transaction; returns seconds per part."""
    Pool.start()
    pool = Pool(database)
    pool.init()
    seconds = {}
    records = {resource: read_records(folder, resource) for resource in ("parties", "products", "sales")}
    with Transaction().start(database, 0, context={"company": _COMPANY, "active_test": False}):

        def timed(name: str, step: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
            started = time.monotonic()
            result = step(*arguments, **more)
            seconds[name] = round(time.monotonic() - started, 2)
            return result

        parties = timed("parties", load_parties, pool, records["parties"])
        products = timed("products", load_products, pool, records["products"])
        timed("stock", load_stock, pool, records["products"], products)
        sales = timed("sales", load_sales, pool, records["sales"], parties=parties, products=products)
        date_house(pool)
        timed("party dates", date_parties, pool, records["parties"], parties)
        timed("product dates", date_products, pool, records["products"], products)
        timed("sale dates", date_sales, pool, records["sales"], sales)
    return seconds


if __name__ == "__main__":
    sys.stdout.write(json.dumps(load_world(sys.argv[1], Path(sys.argv[2]))) + "\n")
