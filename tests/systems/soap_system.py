"""A system with a SOAP service, declared as a new system would be."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from concord.contract import ChangedBetween, Field, Kind, RateLimit, Resource, System, Window, Writes
from concord.protocols.session.auth import BasicLogin
from concord.protocols.soap.calls import SoapService
from concord.protocols.soap.lists import SoapList
from concord.protocols.soap.verdicts import RULES, Verdicts
from concord.protocols.soap.writes import SoapWrites

WSDL, ENDPOINT = "/services/Customers?wsdl", "/services/Customers"
VERDICTS = Verdicts("returnCode", busy=frozenset({"77"}), moved=frozenset({"409"}), messages="messages.message")
MONTH = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
FIELDS = (
    Field("custNo", "source_id", required=True),
    Field("name", "customer_name", is_personal=True),
    Field("phone", "phone", is_personal=True),
    Field("creditLimit", "credit_limit_amount", Kind.DECIMAL),
    Field("isBlocked", "is_blocked", Kind.BOOLEAN),
    Field("since", "customer_since_date", Kind.DATE),
    Field("version", "version", Kind.INTEGER, required=True),
    Field("changedAt", "changed_at", Kind.TIMESTAMP, required=True),
)


def declare(port: str, **options: Any) -> System:
    """A system as anybody would declare it."""
    service = SoapService(WSDL, ENDPOINT, service="CustomerService", port=port)
    read = SoapList(
        service,
        "findCustomers",
        "customers.customer",
        since="filter.changedFrom",
        until="filter.changedTo",
        size=25,
        lookup={"source_id": "filter.custNo"},
        lookup_size=50,
        verdicts=VERDICTS,
    )
    writer = SoapWrites(
        service,
        update="saveCustomer",
        create="addCustomer",
        record="customer",
        key="customer.custNo",
        guard="expectedVersion",
        created="custNo",
        verdicts=VERDICTS,
    )
    names = frozenset({"customer_name", "phone", "credit_limit_amount"})
    customers = Resource(
        name="customers",
        read=replace(read, **options.get("read", {})),
        key="source_id",
        fields=FIELDS,
        changes=ChangedBetween("changed_at"),
        writes=Writes(replace(writer, **options.get("write", {})), update=names, create=names, guard="version"),
    )
    return System(
        name="soapy",
        title="An old ERP",
        connection="soapy_default",
        auth=BasicLogin(),
        rate_limit=RateLimit(per_second=5),
        resources=(customers,),
        rules=RULES,
    )
