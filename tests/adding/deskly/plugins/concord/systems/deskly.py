"""Deskly, the help desk: it owns its tickets; the priority is written back, everything else is read for reports.

API: https://developers.deskly.example/rest

Know before you touch:
- `changed_from` includes its moment, `changed_to` does not.
- Deletions are not listed: a ticket that a person deletes is missed when all keys are listed.
- An update carries `If-Match`; a ticket that somebody else has moved answers 412.
"""

from datetime import timedelta

from concord.contract import ChangedBetween, Pace, Resource, System, Writes
from concord.fields import Field, Kind
from concord.http.auth import StaticToken
from concord.http.rest import RestList
from concord.http.rest_writes import Precondition, RestWrites

CHANGES = ChangedBetween("updated_at", overlap=timedelta(minutes=10), vanish_limit=0.1)


def listing(name: str, **lookup: str) -> RestList:
    """The form that all of its lists have."""
    return RestList(
        f"/api/v1/{name}",
        records="data",
        size=100,
        size_parameter="per_page",
        total="total",
        since="changed_from",
        until="changed_to",
        one=f"/api/v1/{name}/{{key}}",
        record="data",
        lookup=lookup,
    )


requesters = Resource(
    name="requesters",
    read=listing("requesters"),
    key="source_id",
    changes=CHANGES,
    fields=(
        Field("id", "source_id", required=True),
        Field("name", "requester_name", required=True),
        Field("email", "email"),
        Field("phone", "phone"),
        Field("created", "created_at", Kind.TIMESTAMP, required=True),
        Field("changed", "updated_at", Kind.TIMESTAMP, required=True),
    ),
)

tickets = Resource(
    name="tickets",
    read=listing("tickets", external_id="external_id"),
    key="source_id",
    changes=CHANGES,
    fields=(
        Field("id", "source_id", required=True),
        Field("requester_id", "requester_source_id", required=True),
        Field("external_id", "external_id"),
        Field("subject", "subject", required=True),
        Field("state", "ticket_state", required=True),
        Field("priority", "priority", Kind.INTEGER),
        Field("created", "created_at", Kind.TIMESTAMP, required=True),
        Field("changed", "updated_at", Kind.TIMESTAMP, required=True),
    ),
    writes=Writes(
        RestWrites(
            "/api/v1/tickets/{key}", create="/api/v1/tickets", wrapper="data", precondition=Precondition.ETAG
        ),
        update=frozenset({"priority"}),
        create=frozenset({"requester_source_id", "external_id", "subject", "priority"}),
        guard="updated_at",
        find_by="external_id",
    ),
)

SYSTEM = System(
    name="deskly",
    title="Deskly help desk",
    owns="tickets",
    connection="deskly_default",
    auth=StaticToken(),
    pace=Pace(per_second=20, burst=20, concurrency=2),
    resources=(requesters, tickets),
)
