"""What only Salesforce can tell of an account before the first night: which fields its user may write.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_sobject_describe.htm
"""

from collections.abc import Iterator

from concord.contract import AccountChecks, Finding, Level, Resource, Session, System
from concord.systems.salesforce.soql import SoqlQuery, describe_object

_SUBJECT = "permissions"


class WritableFields:
    """Whether the user may write the fields that Concord updates, as far as the vendor says so."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding for each resource that is written."""
        for resource in system.resources:
            if isinstance(resource.read, SoqlQuery) and resource.writes is not None:
                yield self._look_at(session, resource.read, resource)

    def _look_at(self, session: Session, query: SoqlQuery, resource: Resource) -> Finding:
        told = {item.name: item.updateable for item in describe_object(query.api, session, query.sobject)}
        assert resource.writes is not None
        written = [resource.field(name) for name in sorted(resource.writes.update)]
        paths = [item.preferred if item.preferred in told else item.path for item in written]
        refused = [path for path in paths if told.get(path) is False]
        if refused:
            sentence = (
                f"The user may not edit {', '.join(refused)} of {query.sobject}; give it the permission to, in "
                "its profile or a permission set."
            )
            return Finding(Level.FAILS, _SUBJECT, sentence, resource.name)
        sentence = f"No field that Concord updates is closed to the user ({len(paths)} were looked at)."
        return Finding(Level.OK, _SUBJECT, sentence, resource.name)


ACCOUNT = AccountChecks(
    login_help="Connected apps can hardly be created any more since Spring '26: create an External Client App, "
    "and enter its consumer key and secret. The host must be your own .my.salesforce.com domain.",
    refused_help="Give the user the permission to read this object and its fields.",
    checks=((_SUBJECT, WritableFields()),),
)
