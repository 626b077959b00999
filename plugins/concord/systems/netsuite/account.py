"""What only NetSuite can tell of an account: whether its role reads the catalogue, and the zone of its user.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html
"""

from collections.abc import Iterator

from concord.contract import AccountChecks, Finding, Level, Session, System
from concord.errors import RequestError
from concord.systems.netsuite.catalogue import read_record_type
from concord.systems.netsuite.suiteql import SuiteQl

_WITHOUT_SUMMER_TIME = frozenset({"GMT", "UTC", "Etc/GMT", "Etc/UTC"})


class ReadableCatalogue:
    """Whether the role may read the metadata catalogue, which tells the types of fields before a night."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding for all record types together."""
        records = [item.read.record for item in system.resources if isinstance(item.read, SuiteQl)]
        refused = sorted({name for name in records if name and not self._is_readable(session, name)})
        if refused:
            sentence = (
                f"The role may not read the metadata catalogue of {', '.join(refused)}, so a field that changes "
                "its type is noticed in the night only; give it the permission for these records."
            )
            yield Finding(Level.NOTE, "catalogue", sentence)
        else:
            yield Finding(Level.OK, "catalogue", "The role may read the metadata catalogue of all records.")

    def _is_readable(self, session: Session, name: str) -> bool:
        try:
            read_record_type(session, name)
        except RequestError:
            return False
        return True


class UsersZone:
    """Whether the times of the integration's user are without summer time."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A note for a zone in which an hour comes twice."""
        zone = session.connection.zone(None).key
        if zone in _WITHOUT_SUMMER_TIME:
            yield Finding(Level.OK, "time zone", f"The user of the integration has the zone {zone}.")
            return
        sentence = (
            f"The user of the integration has the zone {zone}. If it has summer time, a change in the hour that "
            "autumn repeats counts as one of the second hour; give the user the zone GMT, and set time_zone to "
            "GMT."
        )
        yield Finding(Level.NOTE, "time zone", sentence)


ACCOUNT = AccountChecks(
    login_help="The role needs the permission Log in using OAuth 2.0 Access Tokens, and the certificate must be "
    "mapped to it: certificates end, and the refresh of a sandbox account forgets them.",
    refused_help="The role needs REST Web Services, SuiteAnalytics Workbook, and the permission for these "
    "records.",
    checks=(("catalogue", ReadableCatalogue()), ("time zone", UsersZone())),
)
