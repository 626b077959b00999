"""Makes one edit as a user of the ERP does, through Tryton's own client: run in Tryton's own environment.

edit.py DATABASE phone  P10003 "+49 30 555"
edit.py DATABASE email  P10003 new@example.org
edit.py DATABASE name   P10003 "New name"
edit.py DATABASE price  LAM-1001 12.50
edit.py DATABASE stock  LAM-1001 17
edit.py DATABASE cancel "#2499"
"""

import datetime
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, config


def find_one(model: str, field: str, value: str) -> Any:
    """The one record that is found; an error where there is none or several."""
    (record,) = Model.get(model).find([(field, "=", value)])
    return record


def edit_mechanism(code: str, value: str, kinds: tuple[str, ...]) -> None:
    """Change the party's first contact mechanism of these kinds, or add one."""
    party = find_one("party.party", "code", code)
    known = [mechanism for mechanism in party.contact_mechanisms if mechanism.type in kinds]
    mechanism = known[0] if known else party.contact_mechanisms.new(type=kinds[0])
    mechanism.value = value
    party.save()


def edit_phone(code: str, value: str) -> None:
    """Set the telephone number of a party."""
    edit_mechanism(code, value, ("phone", "mobile"))


def edit_email(code: str, value: str) -> None:
    """Set the e-mail address of a party."""
    edit_mechanism(code, value, ("email",))


def edit_name(code: str, value: str) -> None:
    """Set the name of a party."""
    party = find_one("party.party", "code", code)
    party.name = value
    party.save()


def edit_price(sku: str, value: str) -> None:
    """Set the list price of a product."""
    template = find_one("product.product", "code", sku).template
    template.list_price = Decimal(value)
    template.save()


def edit_stock(sku: str, value: str) -> None:
    """Set the stock of a product by an inventory of today."""
    (warehouse,) = Model.get("stock.location").find([("type", "=", "warehouse")])
    inventory = Model.get("stock.inventory")()
    inventory.location = warehouse.storage_location
    inventory.date = datetime.datetime.now(datetime.UTC).date()
    line = inventory.lines.new()
    line.product = find_one("product.product", "code", sku)
    line.quantity = float(value)
    inventory.save()
    inventory.click("confirm")


def cancel_sale(reference: str) -> None:
    """Cancel a sale that is still a draft or a quotation; Tryton refuses others."""
    find_one("sale.sale", "reference", reference).click("cancel")


EDITS = {
    "phone": edit_phone,
    "email": edit_email,
    "name": edit_name,
    "price": edit_price,
    "stock": edit_stock,
    "cancel": cancel_sale,
}


def main(database: str, what: str, *values: str) -> None:
    """Make one edit; TRYTOND_CONFIG names the configuration."""
    config.set_trytond(database=database, user="admin")
    EDITS[what](*values)


if __name__ == "__main__":
    main(*sys.argv[1:])
