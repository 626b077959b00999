"""What only Shopify can tell of an app before the first night: the scopes that the shop granted it."""

from concord.contract import AccountChecks, Level
from concord.protocols.session.auth import CLIENT_CREDENTIALS
from concord.protocols.session.scopes import GrantedScopes, Scope
from concord.protocols.session.token_login import LoginCall

LOGIN = "/admin/oauth/access_token"
ALL_ORDERS = Scope(
    "read_all_orders",
    "The app lacks the scope read_all_orders, so the shop shows it the orders of the last 60 days only, and older "
    "ones would count as deleted; add the scope to the app, and install the app anew.",
    Level.FAILS,
)


def _for_writes(name: str, what: str) -> Scope:
    return Scope(
        name,
        f"The scope {name} is not among those that the shop names; add it to the app, or the shop may refuse "
        f"changes of {what}.",
    )


ACCOUNT = AccountChecks(
    login_help="Login and password are the client id and the client secret of an app that is installed in this "
    "shop.",
    refused_help="Add the scope that this needs to the app, and install the app anew.",
    checks=(
        (
            "scopes",
            GrantedScopes(
                LoginCall(LOGIN, form=CLIENT_CREDENTIALS),
                (
                    ALL_ORDERS,
                    _for_writes("write_customers", "customers"),
                    _for_writes("write_products", "prices"),
                    _for_writes("write_inventory", "stock"),
                    _for_writes("write_merchant_managed_fulfillment_orders", "shipments"),
                ),
                "The shop does not name the scopes of the app; see in its settings that read_all_orders is among "
                "them, for without it only the orders of the last 60 days can be read.",
            ),
        ),
    ),
)
