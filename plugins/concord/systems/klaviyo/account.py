"""What helps where Klaviyo refuses: its keys have scopes, which it does not tell."""

from concord.contract import AccountChecks

ACCOUNT = AccountChecks(
    login_help="The password is a private key, which begins with pk_.",
    refused_help="The key needs the scopes profiles:read and subscriptions:read, and for changes "
    "profiles:write and subscriptions:write; make another key if they cannot be added.",
)
