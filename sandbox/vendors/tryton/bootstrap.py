"""Turns an empty Tryton database into a company that can sell: run in Tryton's own environment.

Creates what a sale needs and nothing of the world: company, euro, chart of accounts, the countries the
world uses, and a category that carries the revenue account.
"""

import datetime
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, get_accounts
from trytond.modules.company.tests.tools import create_company

COUNTRIES = {
    "DE": "Germany",
    "AT": "Austria",
    "CH": "Switzerland",
    "FR": "France",
    "NL": "Netherlands",
    "GB": "United Kingdom",
    "US": "United States",
    "ES": "Spain",
    "IT": "Italy",
}


def create_euro() -> Any:
    """The one currency of the shop; the rate is what makes it usable on a sale."""
    euro = Model.get("currency.currency")(name="Euro", symbol="€", code="EUR", rounding=Decimal("0.01"))
    euro.save()
    Model.get("currency.currency.rate")(date=datetime.date.min, rate=Decimal(1), currency=euro).save()
    return euro


def create_countries() -> None:
    """Create the few countries that are used, instead of importing all of them."""
    Country = Model.get("country.country")
    Country.save([Country(name=name, code=code) for code, name in COUNTRIES.items()])


def create_accounting(company: Any) -> None:
    """The minimal chart and a category that carries it, so that sales find their accounts."""
    create_chart(company=company)
    accounts = get_accounts(company)
    Category = Model.get("product.category")
    Category(
        name="Goods",
        accounting=True,
        account_revenue=accounts["revenue"],
        account_expense=accounts["expense"],
    ).save()


def keep_manual_processing() -> None:
    """Confirmed sales wait for a person, as in most small companies."""
    Configuration = Model.get("sale.configuration")
    configuration = Configuration(1)
    configuration.sale_invoice_method = "manual"
    configuration.sale_shipment_method = "manual"
    configuration.save()


def main(database: str) -> None:
    """Bootstrap `database` as the administrator; TRYTOND_CONFIG names the configuration."""
    config.set_trytond(database=database, user="admin")
    euro = create_euro()
    create_countries()
    Party = Model.get("party.party")
    house = Party(name="Concord Handels GmbH", code="HOUSE")
    house.save()
    create_company(party=house, currency=euro)
    (company,) = Model.get("company.company").find()
    create_accounting(company)
    keep_manual_processing()


if __name__ == "__main__":
    main(sys.argv[1])
