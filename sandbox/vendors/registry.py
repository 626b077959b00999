"""The vendors of the sandbox by name."""

from sandbox.server.vendor import Vendor
from sandbox.vendors.fedex.vendor import FedEx
from sandbox.vendors.hubspot.vendor import HubSpot
from sandbox.vendors.klaviyo.vendor import Klaviyo
from sandbox.vendors.netsuite.vendor import NetSuite
from sandbox.vendors.plain import Plain
from sandbox.vendors.salesforce.vendor import Salesforce
from sandbox.vendors.sap.vendor import Sap
from sandbox.vendors.shopify.vendor import Shopify
from sandbox.vendors.stripe.vendor import Stripe

VENDORS: dict[str, type[Vendor]] = {
    "shopify": Shopify,
    "salesforce": Salesforce,
    "plain": Plain,
    "hubspot": HubSpot,
    "fedex": FedEx,
    "klaviyo": Klaviyo,
    "sap": Sap,
    "netsuite": NetSuite,
    "stripe": Stripe,
}
