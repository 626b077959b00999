"""What only HubSpot can tell of an account: whether our own properties are unique; and what it refuses in writes.

https://developers.hubspot.com/docs/api-reference/overview
"""

import re
from collections.abc import Iterator

from concord.contract import AccountChecks, Finding, Level, Session, System
from concord.systems.hubspot.objects import HubSpotObjects, read_definitions

_FIRST_WITH_RULES = "2026-09"
_DATED = re.compile(r"\d{4}-\d{2}")


class UniqueProperties:
    """Whether the properties by which created records are found again were created as unique ones."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding for each kind of object that is created."""
        for resource in system.resources:
            reader = resource.read
            if not isinstance(reader, HubSpotObjects) or not resource.natural_key:
                continue
            name = resource.field(resource.natural_key[0]).parts[-1]
            defined = {item.name: item for item in read_definitions(reader.api, session, reader.kind)}
            if name in defined and defined[name].has_unique_value is False:
                sentence = (
                    f"The property {name} of {reader.kind} is not unique, so nothing can be created by it; create "
                    "it anew with unique values."
                )
                yield Finding(Level.FAILS, "properties", sentence, resource.name)
            elif name in defined:
                yield Finding(Level.OK, "properties", f"The property {name} is unique.", resource.name)


class RequiredProperties:
    """From version 2026-09 on, properties that are required under a condition are required in writes, too."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A note where the version in use has these rules: the vendor does not tell which ones an account has."""
        version = session.option("api_version", system.api_version)
        if not _DATED.fullmatch(version) or version < _FIRST_WITH_RULES:
            sentence = (
                f"In API version {version} the account's conditional required properties do not hold for writes."
            )
            yield Finding(Level.OK, "rules", sentence)
            return
        created = [item.name for item in system.resources if item.writes is not None and item.writes.create]
        sentence = (
            f"In API version {version} HubSpot refuses a record that lacks a property which the account requires "
            f"under a condition; see in the settings of {', '.join(created)} that none is required that Concord "
            "does not write."
        )
        yield Finding(Level.NOTE, "rules", sentence)


ACCOUNT = AccountChecks(
    login_help="The password is the token of a service key, which takes the place of private apps, or of a "
    "private app that you have already.",
    refused_help="Add the scopes that HubSpot names to the service key or private app.",
    checks=(("properties", UniqueProperties()), ("rules", RequiredProperties())),
)
