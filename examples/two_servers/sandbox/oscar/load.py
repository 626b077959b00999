"""Fills an empty shop with a world, in bulk, and makes an administrator: run in Oscar's own environment.

load.py FOLDER    reads FOLDER/{users,products,orders}.ndjson, which world.py makes; OSCAR_TOKEN is the token
"""

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
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


def load_products(folder: Path) -> None:
    """Articles with a stock record each; the stamps are the world's."""
    goods = ProductClass.objects.create(name="Goods")
    house = Partner.objects.create(name="Warehouse", code="house")
    for record in read_records(folder, "products"):
        key, code = int(record["id"]), record["upc"]
        product = Product.objects.create(pk=key, product_class=goods, upc=code, title=record["title"])
        stock = StockRecord.objects.create(
            product=product,
            partner=house,
            partner_sku=code,
            price=Decimal(record["price"]),
            num_in_stock=record["num_in_stock"],
        )
        stamps = {name: datetime.fromisoformat(record[name]) for name in ("date_created", "date_updated")}
        Product.objects.filter(pk=product.pk).update(**stamps)
        StockRecord.objects.filter(pk=stock.pk).update(**stamps)


def load_users(folder: Path) -> None:
    """The customers' accounts."""
    names = ("username", "email", "first_name", "last_name")
    User.objects.bulk_create(
        User(
            pk=int(record["id"]),
            date_joined=datetime.fromisoformat(record["date_joined"]),
            **{name: record[name] for name in names},
        )
        for record in read_records(folder, "users")
    )


def load_orders(folder: Path) -> None:
    """Orders of the customers, with their lines."""
    products = {product.upc: product for product in Product.objects.all()}
    for record in read_records(folder, "orders"):
        total = Decimal(record["total"])
        order = Order.objects.create(
            number=record["number"],
            user_id=int(record["user"]),
            currency=record["currency"],
            total_incl_tax=total,
            total_excl_tax=total,
            status=record["status"],
            date_placed=datetime.fromisoformat(record["date_placed"]),
        )
        for line in record["lines"]:
            product, each = products[line["upc"]], Decimal(line["price"])
            amount = each * line["quantity"]
            Line.objects.create(
                order=order, product=product, title=product.title, upc=product.upc, quantity=line["quantity"],
                line_price_incl_tax=amount, line_price_excl_tax=amount,
                line_price_before_discounts_incl_tax=amount, line_price_before_discounts_excl_tax=amount,
                unit_price_incl_tax=each, unit_price_excl_tax=each, num_allocated=0,
            )  # fmt: skip


def make_administrator(token: str) -> None:
    """Create an administrator without a password, who logs in by this token."""
    user = User.objects.create(username="hub", is_staff=True, is_superuser=True)
    user.set_unusable_password()
    user.save()
    Token.objects.create(user=user, key=token)


def main(folder: Path) -> None:
    """Fill the shop in one transaction."""
    with transaction.atomic():
        load_products(folder)
        load_users(folder)
        load_orders(folder)
        make_administrator(os.environ["OSCAR_TOKEN"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
