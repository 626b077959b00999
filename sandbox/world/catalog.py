"""The true products, and the wrong values that the shop has of some."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.pools import PRODUCT_COLOURS, PRODUCT_KINDS, PRODUCT_STYLES

_BLOCK = 200
_NEGATIVE_PRICE = range(1)
_ODD_SKU = range(1, 7)
_STALE_STOCK = range(10, 30)
_STALE_PRICE = range(30, 36)
_NOT_IN_SHOP = range(40, 44)


@dataclass(frozen=True, slots=True)
class Product:
    """One true product, and the shop's version of it."""

    index: int
    sku: str
    name: str
    price: Decimal
    stock: int
    in_shop: bool
    shop_sku: str
    shop_price: Decimal
    shop_stock: int
    is_broken: bool
    created_at: datetime
    updated_at: datetime

    @property
    def world_id(self) -> str:
        """The identity in the truth."""
        return f"product-{self.index}"


def _write_sku(sku: str, slot: int) -> str:
    """An article number in one of three other spellings."""
    return (sku.lower(), f" {sku} ", sku.replace("-", "- "))[slot % 3]


@lru_cache(maxsize=4096)
def make_product(settings: Settings, index: int) -> Product:
    """Product number `index`, from the seed alone."""
    random = random_for(settings, "product", index)
    slot = (index * 77 + settings.seed * 13) % _BLOCK
    kind = PRODUCT_KINDS[index % len(PRODUCT_KINDS)]
    style = PRODUCT_STYLES[index // len(PRODUCT_KINDS) % len(PRODUCT_STYLES)]
    colour = PRODUCT_COLOURS[int(random.random() * len(PRODUCT_COLOURS))]
    sku = f"{kind[:3].upper()}-{index + 1001}"
    price = Decimal(490 + int(random.random() * 39_000)).scaleb(-2)
    stock = int(random.random() * 200)
    created_at = moment_between(
        random, settings.begins_at, settings.begins_at + (settings.as_of - settings.begins_at) / 9
    )
    is_broken = slot in _NEGATIVE_PRICE
    shop_price = price + Decimal("2.50") if slot in _STALE_PRICE else price
    return Product(
        index=index,
        sku=sku,
        name=f"{kind} {style} {colour}",
        price=price,
        stock=stock,
        in_shop=slot not in _NOT_IN_SHOP,
        shop_sku=_write_sku(sku, slot) if slot in _ODD_SKU else sku,
        shop_price=-price if is_broken else shop_price,
        shop_stock=stock + 1 + int(random.random() * 9) if slot in _STALE_STOCK else stock,
        is_broken=is_broken,
        created_at=created_at,
        updated_at=moment_between(random, created_at, settings.as_of),
    )


def make_products(settings: Settings) -> Iterator[Product]:
    """All products, in the order of their numbers."""
    return (make_product(settings, index) for index in range(settings.products))
