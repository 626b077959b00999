"""What a field of a resource may name: another record, or something that several systems call alike."""

from collections.abc import Mapping
from dataclasses import dataclass

# What a field may name beside the key of another resource of its system.
ORDER_NAME, WHOLESALE_ORDER, CUSTOMER_NUMBER = "order name", "wholesale order", "customer number"
WHOLESALE_CUSTOMER, PARTNER_NUMBER, SHOP_REFUND = "wholesale customer", "partner number", "shop refund"
TRACKING_NUMBER, SKU = "tracking number", "sku"

KINDS = frozenset(
    {
        ORDER_NAME,
        WHOLESALE_ORDER,
        CUSTOMER_NUMBER,
        WHOLESALE_CUSTOMER,
        PARTNER_NUMBER,
        SHOP_REFUND,
        TRACKING_NUMBER,
        SKU,
    }
)


@dataclass(frozen=True, slots=True)
class PartOf:
    """A link to the record of which this one is a part among many, such as the payout of a transaction.

    A part that changed lets the whole be worked on, which is a record of `resource`. Models then see all parts of
    it, so that their sum is right; parts that did not change are not worked on themselves, nor is what is linked
    with them. So what models say of the whole may depend on no more than the fields of its parts.
    """

    resource: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A link of a JSON field: all texts at a JSON path of PostgreSQL name something of the kind `target`."""

    path: str
    target: str


Link = str | PartOf | Listed
Links = Mapping[str, Link]


def named_by(link: Link) -> str:
    """The resource or the kind of text that a link names."""
    match link:
        case PartOf(resource):
            return resource
        case Listed(_, target):
            return target
    return link
