"""Deskly, the help desk: it owns its tickets, and the telephone numbers of the people who ask.

Requesters are customers: their names, addresses and numbers are corrected. Of a ticket the priority is written.

API: https://developers.deskly.example/rest

Know before you touch:
- `changed_from` includes its moment, `changed_to` does not.
- Deletions are not listed: a record that a person deletes is missed when all keys are listed.
- An update carries `If-Match`; a record that somebody else has moved answers 412.
"""

from datetime import timedelta

from concord.contract import ChangedBetween, Field, Kind, RateLimit, Resource, System, Writes
from concord.protocols.rest import (
    Create,
    IfMatchEtag,
    PageNumber,
    RestList,
    RestWrites,
    SingleRecord,
    Update,
    WindowParams,
)
from concord.protocols.session.auth import StaticToken

CHANGES = ChangedBetween("updated_at", overlap=timedelta(minutes=10), vanish_limit=0.1)


def listing(name: str, **lookup: str) -> RestList:
    """The form that all of its lists have."""
    return RestList(
        f"/api/v1/{name}",
        records="data",
        pages=PageNumber(size_param="per_page", size=100, next="next"),
        window=WindowParams(since="changed_from", until="changed_to"),
        single=SingleRecord(f"/api/v1/{name}/{{key}}", record="data"),
        lookup=lookup,
    )


requesters = Resource(
    name="requesters",
    entity="customer",
    links={},
    read=listing("requesters"),
    key="source_id",
    changes=CHANGES,
    fields=(
        Field("id", "source_id", required=True),
        Field("name", "requester_name", required=True),
        Field("email", "email", is_personal=True),
        Field("phone", "phone", is_personal=True),
        Field("created", "created_at", Kind.TIMESTAMP, required=True),
        Field("changed", "updated_at", Kind.TIMESTAMP, required=True),
    ),
    writes=Writes(
        RestWrites(update=Update("/api/v1/requesters/{key}", precondition=IfMatchEtag()), wrapper="data"),
        update=frozenset({"requester_name", "email", "phone"}),
        guard="updated_at",
    ),
)

tickets = Resource(
    name="tickets",
    links={"requester_source_id": "requesters"},
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
            update=Update("/api/v1/tickets/{key}", precondition=IfMatchEtag()),
            create=Create("/api/v1/tickets"),
            wrapper="data",
        ),
        update=frozenset({"priority"}),
        create=frozenset({"requester_source_id", "external_id", "subject", "priority"}),
        guard="updated_at",
        natural_key=("external_id",),
    ),
)

SYSTEM = System(
    name="deskly",
    title="Deskly help desk",
    owns="tickets, phone numbers",
    roles={"support": 1},
    connection="deskly_default",
    auth=StaticToken(),
    rate_limit=RateLimit(per_second=20, burst=20, concurrency=2),
    resources=(requesters, tickets),
)
