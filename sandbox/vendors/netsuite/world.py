"""The records that the ledger has of the world, as NetSuite's REST service writes them; stamps are in UTC.

Customers are missing there who never bought anything, and the newest buyers with their orders. Some have an old
phone number or e-mail address. Items have prices by price level, currency and quantity.
An order arrives a day after the sale. Its invoice is there also where the order itself is missing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.vendors.netsuite.prices import price_matrix
from sandbox.world import slots
from sandbox.world.catalog import make_products
from sandbox.world.commerce import Invoice, break_of, make_invoices
from sandbox.world.customers import Customer, make_customer, make_customers, old_email, phone_number
from sandbox.world.draw import Settings, moment_between, random_for
from sandbox.world.notation import write_email, write_name, write_phone
from sandbox.world.orders import Line, Order, make_orders
from sandbox.world.pools import COUNTRY_BY_CODE
from sandbox.world.systems import PERSON, REACH, SystemTruth

SUBSIDIARY = {"id": "1", "refName": "Handelshaus"}
EUR = {"id": "1", "refName": "EUR"}
LOCATION = "1"
SUNDRY = "1999999"  # the customer that is billed for those whom the ledger does not know
# Customers, of 500: slots without any other peculiarity, and customers who never bought anything.
_ABSENT = range(90, 100)
_NEW = slots.NOT_IN_ERP
_OLD_PHONE = range(400, 410)
_OLD_EMAIL = range(410, 415)
_NO_PHONE = range(415, 420)
_CROSSWALK_SHARE = 0.6
_DUE_DAYS = 14
Record = dict[str, Any]


def write_time(moment: datetime) -> str:
    """The REST service's ISO 8601: UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def customer_id(index: int) -> str:
    """Internal ids of customers."""
    return str(10_000 + index)


def item_id(index: int) -> str:
    """Internal ids of items."""
    return str(500 + index)


def order_id(index: int) -> str:
    """Internal ids of sales orders, in the range that all transactions share."""
    return str(2_000_000 + index * 4)


def invoice_id(index: int, copy: int) -> str:
    """Internal ids of invoices."""
    return str(2_000_000 + index * 4 + 1 + copy)


def _contact(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "netsuite-contact", customer.index)
    country, phone, email = COUNTRY_BY_CODE[customer.country_code], customer.phone, customer.email
    if customer.slot in _OLD_PHONE:
        phone = phone_number(country, customer.index, is_old=True)
    if customer.slot in _OLD_EMAIL:
        email = old_email(customer)
    written = write_phone(random, phone, customer.country_code)
    return {
        "email": write_email(random, email, spaces=False),
        "phone": None if customer.slot in _NO_PHONE else written,
    }


def _name(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "netsuite-name", customer.index)
    if customer.company_name:
        return {"isPerson": False, "companyName": write_name(random, customer.company_name)}
    first_name, last_name = write_name(random, customer.first_name), write_name(random, customer.last_name)
    return {"isPerson": True, "firstName": first_name, "lastName": last_name}


def _own(settings: Settings) -> Record:
    """What a customer has by the account, and not by who it is."""
    return {
        "externalId": None,
        "subsidiary": SUBSIDIARY,
        "currency": EUR,
        "isInactive": False,
        "dateCreated": write_time(settings.begins_at),
        "lastModifiedDate": write_time(settings.begins_at),
    }


def _customer(settings: Settings, customer: Customer) -> Record:
    random = random_for(settings, "netsuite-customer", customer.index)
    address = {
        "addr1": customer.street,
        "city": customer.city,
        "zip": customer.postal_code,
        "country": {"id": customer.country_code, "refName": COUNTRY_BY_CODE[customer.country_code].name},
    }
    return {
        **_own(settings),
        "id": customer_id(customer.index),
        "entityId": f"CUST{customer.index + 1:06d}",
        "accountNumber": customer.code if random.random() < _CROSSWALK_SHARE else None,
        **_name(settings, customer),
        **_contact(settings, customer),
        "addressBook": {"items": [{"defaultBilling": True, "addressBookAddress": address}]},
        "dateCreated": write_time(customer.created_at),
        "lastModifiedDate": write_time(moment_between(random, customer.created_at, settings.as_of)),
    }


def is_known(customer: Customer) -> bool:
    """Whether the ledger has the customer."""
    return customer.slot not in _ABSENT and customer.slot not in _NEW


def customers(settings: Settings) -> Iterator[Record]:
    """Customers; of a company the ledger knows the name and no person. The last one stands for all new buyers."""
    for customer in make_customers(settings):
        if is_known(customer):
            yield _customer(settings, customer)
    name = {"isPerson": False, "companyName": "Sundry buyers of the web shop"}
    yield {**_own(settings), "id": SUNDRY, "entityId": "CUST999999", **name}


def customer_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """The key of each live customer record, and the customer."""
    for customer in make_customers(settings):
        if is_known(customer):
            yield customer_id(customer.index), customer.world_id


def items(settings: Settings) -> Iterator[Record]:
    """Inventory items with their prices."""
    for product in make_products(settings):
        yield {
            "id": item_id(product.index),
            "itemId": product.sku,
            "displayName": product.name,
            "price": price_matrix(product),
            "isInactive": False,
            "createdDate": write_time(product.created_at),
            "lastModifiedDate": write_time(product.updated_at),
        }


def inventory_levels(settings: Settings) -> Iterator[Record]:
    """Stock of each item at the one location; what open orders have reserved is not available."""
    for product in make_products(settings):
        committed = min(product.stock, product.index % 4)
        yield {
            "id": f"{item_id(product.index)}-{LOCATION}",
            "item": item_id(product.index),
            "location": LOCATION,
            "quantityOnHand": product.stock,
            "quantityCommitted": committed,
            "quantityAvailable": product.stock - committed,
            "lastModifiedDate": write_time(product.updated_at),
        }


def _transaction(settings: Settings, order: Order, amount: Decimal) -> Record:
    is_own = is_known(make_customer(settings, order.customer_index))
    return {
        "otherRefNum": order.number,
        "entity": {"id": customer_id(order.customer_index) if is_own else SUNDRY},
        "total": float(amount),
        "currency": EUR,
        "exchangeRate": 1.0,
    }


def has_arrived(settings: Settings, order: Order) -> bool:
    """A real order that the nightly import has brought over; the youngest and those of new buyers are to come."""
    is_real = not (order.is_test or order.zero_line) and is_known(make_customer(settings, order.customer_index))
    return is_real and settings.as_of - order.created_at > timedelta(days=1)


def _status(order: Order, *, is_billed: bool) -> Record:
    if order.is_cancelled:
        return {"id": "C", "refName": "Cancelled"}
    if order.state != "done":
        return {"id": "B", "refName": "Pending Fulfillment"}
    return {"id": "G", "refName": "Billed"} if is_billed else {"id": "F", "refName": "Pending Billing"}


def sales_orders(settings: Settings) -> Iterator[Record]:
    """Sales orders; the external id is the shop order's number behind `WEB-`."""
    billed = {invoice.order.index for invoice in make_invoices(settings)}
    for order in make_orders(settings):
        if not has_arrived(settings, order):
            continue
        imported_at = min(order.created_at + timedelta(hours=5), settings.as_of - timedelta(hours=1))
        yield {
            "id": order_id(order.index),
            "tranId": f"SO{order.index + 100_001}",
            "externalId": f"WEB-{order.index + 1001}",
            **_transaction(settings, order, order.total_amount),
            "tranDate": order.created_at.date().isoformat(),
            "status": _status(order, is_billed=order.index in billed),
            "createdDate": write_time(imported_at),
            "lastModifiedDate": write_time(max(imported_at, order.updated_at)),
        }


def _line(order: Order, position: int, line: Line) -> Record:
    return {
        "id": str(int(order_id(order.index)) * 100 + position),
        "transaction": order_id(order.index),
        "line": position,
        "item": {"id": item_id(line.product.index), "refName": line.product.sku},
        "quantity": float(line.quantity),
        "rate": float(line.unit_price),
        "amount": float(line.unit_price * line.quantity),
    }


def sales_order_lines(settings: Settings) -> Iterator[Record]:
    """The lines of the sales orders, with quantities as the order form shows them."""
    for order in make_orders(settings):
        if has_arrived(settings, order):
            for position, line in enumerate(order.lines, 1):
                yield _line(order, position, line)


def _invoice(settings: Settings, invoice: Invoice) -> Record:
    random = random_for(settings, f"netsuite-invoice-{invoice.copy}", invoice.order.index)
    is_paid = random.random() < 0.9
    paid_at = min(invoice.created_at + timedelta(days=3), settings.as_of - timedelta(minutes=5))
    changed_at = max(invoice.created_at, paid_at) if is_paid else invoice.created_at
    is_broken = break_of(settings, invoice.order) == "invoice_broken"
    due_at = invoice.created_at + timedelta(days=-_DUE_DAYS if is_broken else _DUE_DAYS)
    return {
        "id": invoice_id(invoice.order.index, invoice.copy),
        "tranId": f"INV{invoice.order.index + 200_001}{'B' * invoice.copy}",
        "externalId": None if invoice.copy else f"INV-{invoice.order.index + 1001}",
        **_transaction(settings, invoice.order, invoice.amount),
        "amountRemaining": 0.0 if is_paid else float(invoice.amount),
        "tranDate": invoice.created_at.date().isoformat(),
        "dueDate": due_at.date().isoformat(),
        "status": {"id": "B", "refName": "Paid In Full"} if is_paid else {"id": "A", "refName": "Open"},
        "createdDate": write_time(invoice.created_at),
        "lastModifiedDate": write_time(changed_at),
    }


def invoices(settings: Settings) -> Iterator[Record]:
    """Invoices, the breaks between order and bill included."""
    return (_invoice(settings, invoice) for invoice in make_invoices(settings))


def unreadable(settings: Settings) -> Iterator[tuple[str, str]]:
    """Invoices that are due before they were issued."""
    for order in make_orders(settings):
        if break_of(settings, order) == "invoice_broken":
            yield f"invoices/{invoice_id(order.index, 0)}", "due_before_issued"


def lacks_customer(customer: Customer) -> bool:
    """Whether the shop has sold to the customer and the ledger does not know it."""
    return customer.slot in _NEW


def lacks_order(settings: Settings, order: Order) -> bool:
    """Whether the nightly import has not brought the order; its customer may have to be created first."""
    return not has_arrived(settings, order)


RESOURCES = {
    "customers": customers,
    "items": items,
    "inventory_levels": inventory_levels,
    "sales_orders": sales_orders,
    "sales_order_lines": sales_order_lines,
    "invoices": invoices,
}
TRUTH = SystemTruth(
    customers="customers",
    live={"customers": customer_keys},
    writable={"customers": PERSON | REACH | {"company_name"}},
    unreadable=unreadable,
    lacks_customer=lacks_customer,
    lacks_order=lacks_order,
)
