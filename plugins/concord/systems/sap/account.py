"""What is checked of an SAP account beside what every system has: whether its services take writes."""

from concord.contract import AccountChecks
from concord.protocols.odata.account import WritableServices

ACCOUNT = AccountChecks(
    login_help="Login and password are those of a communication user, and the user must belong to the "
    "communication arrangements of the services.",
    refused_help="Let a communication arrangement offer this service to the user: scenario SAP_COM_0008 for "
    "business partners, SAP_COM_0109 for sales orders, one with condition records for prices; or correct the path "
    "of the service in the extra fields.",
    checks=(("writes", WritableServices()),),
)
