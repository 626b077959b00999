"""Fills an empty shop with a world, in bulk, and prints an administrator's token: run in Oscar's own environment.

load.py FOLDER    reads FOLDER/{parties,products,sales}.ndjson, the ERP's form of the world
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402  # after setup, as Django wants
from django.db import transaction  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

Record = dict[str, Any]
User = get_user_model()
Product, ProductClass = get_model("catalogue", "Product"), get_model("catalogue", "ProductClass")
Partner, StockRecord = get_model("partner", "Partner"), get_model("partner", "StockRecord")
Order, Line = get_model("order", "Order"), get_model("order", "Line")


def read_records(folder: Path, resource: str) -> Iterator[Record]:
    """The records of one resource as the world wrote them."""
    with (folder / f"{resource}.ndjson").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def moment(text: str) -> datetime:
    """A time of the world's records, which are in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def load_products(folder: Path) -> None:
    """Articles with a stock record each; the stamps are the world's."""
    goods = ProductClass.objects.create(name="Goods")
    house = Partner.objects.create(name="Warehouse", code="house")
    for record in read_records(folder, "products"):
        product = Product.objects.create(product_class=goods, upc=record["code"], title=record["name"])
        stock = StockRecord.objects.create(
            product=product,
            partner=house,
            partner_sku=record["code"],
            price=Decimal(record["list_price"]),
            num_in_stock=record["stock"],
        )
        stamps = {"date_created": moment(record["created_at"]), "date_updated": moment(record["updated_at"])}
        Product.objects.filter(pk=product.pk).update(**stamps)
        StockRecord.objects.filter(pk=stock.pk).update(**stamps)


def load_users(folder: Path) -> None:
    """Customers with an e-mail address."""
    users = []
    for record in read_records(folder, "parties"):
        found = [item["value"] for item in record["contact_mechanisms"] if item["type"] == "email"]
        first, _, last = record["name"].partition(" ")
        joined = moment(record["created_at"])
        users.append(
            User(
                username=record["code"],
                email=(found or [""])[0],
                first_name=first,
                last_name=last,
                date_joined=joined,
            )
        )
    User.objects.bulk_create(users)


def load_orders(folder: Path) -> None:
    """Orders of the customers that are there, with their lines."""
    users = {user.username: user for user in User.objects.all()}
    products = {product.upc: product for product in Product.objects.all()}
    for record in read_records(folder, "sales"):
        total = Decimal(record["total_amount"])
        order = Order.objects.create(
            number=record["reference"].lstrip("#"),
            user=users.get(record["party_code"]),
            currency=record["currency"],
            total_incl_tax=total,
            total_excl_tax=total,
            status=record["state"],
            date_placed=moment(record["created_at"]),
        )
        for line in record["lines"]:
            product, each = products[line["sku"]], Decimal(line["unit_price"])
            amount = each * line["quantity"]
            Line.objects.create(
                order=order, product=product, title=product.title, upc=product.upc, quantity=line["quantity"],
                line_price_incl_tax=amount, line_price_excl_tax=amount,
                line_price_before_discounts_incl_tax=amount, line_price_before_discounts_excl_tax=amount,
                unit_price_incl_tax=each, unit_price_excl_tax=each, num_allocated=0,
            )  # fmt: skip


def make_administrator() -> str:
    """Create an administrator without a password; gives the token."""
    user = User.objects.create(username="hub", is_staff=True, is_superuser=True)
    user.set_unusable_password()
    user.save()
    return str(Token.objects.create(user=user).key)


def main(folder: Path) -> None:
    """Fill the shop in one transaction, and print the token."""
    with transaction.atomic():
        load_products(folder)
        load_users(folder)
        load_orders(folder)
        sys.stdout.write(make_administrator())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
