"""Checks one system: login, fields, one page of each resource, the vendor's own matters, version and clock.

Whatever goes wrong with one of these is a finding, and the others are still looked at. Only where nothing can be
asked any more, because the login is refused or the server cannot be reached, the check of the system ends.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from concord.contract import Account, Field, Finding, Level, Resource, System
from concord.errors import AuthenticationError, ConcordError, ConfigurationError, NetworkError, RequestError
from concord.monitoring.clocks import TOLD_ABOVE, say_difference
from concord.monitoring.watch import check_versions
from concord.protocols.session.client import HttpSession
from concord.protocols.session.refusals import say_upgrade
from concord.protocols.values import UNREADABLE
from concord.stages.check.flows import wants_created
from concord.stages.check.pages import look_at_page
from concord.stages.check.sentences import say_page
from concord.stages.extract.account import AccountLook, compare_account, is_key, say_lacking
from concord.store.engine import LOADER, Database
from concord.store.ledger.account_fields import find_account
from concord.wording import say_things

_NOT_AGREED = "The vendor answered in another form than agreed; check the API version, then check again."
_ENDS = (AuthenticationError, NetworkError)  # after these no further call can succeed


@dataclass(frozen=True, slots=True)
class SystemCheck:
    """A check of one system; without a warehouse (`database` None) pages are read and not judged."""

    session: HttpSession
    system: System
    database: Database | None = None

    def run(self) -> list[Finding]:
        """All findings, that of the login first; nothing that the system causes is raised."""
        found: list[Finding] = []
        login = Finding(Level.OK, "login", "The login is accepted.")
        try:
            self.system.auth.headers(self.session)
            found.extend(self._look_at_all())  # those before an error stay
        except ConcordError as error:
            login = self._say_end(error)
        return [login, *found, *self._look_at_versions(), *self._look_at_clock()]

    def _look_at_all(self) -> Iterator[Finding]:
        """What is found with the resources and by the vendor's own checks; raises where nothing can go on."""
        for resource in self.system.resources:
            yield from self._look_at(resource)
        for subject, check in self.system.account.checks:
            try:
                yield from check.find(self.session, self.system)
            except _ENDS:
                raise
            except ConcordError as error:
                yield Finding(Level.FAILS, subject, self._say(error))
            except UNREADABLE:
                yield Finding(Level.FAILS, subject, _NOT_AGREED)

    def _look_at(self, resource: Resource) -> Iterator[Finding]:
        try:
            account = yield from self._look_at_fields(resource)
            if account is None:
                return
            page = look_at_page(self.session, self.database, resource, account)
        except _ENDS:
            raise
        except ConcordError as error:
            yield Finding(Level.FAILS, "page", self._say(error), resource.name)
            return
        level, sentence = say_page(page)
        yield Finding(level, "page", sentence, resource.name)

    def _look_at_fields(self, resource: Resource) -> Generator[Finding, None, Account | None]:
        """Findings about the fields, and the resource as the account has it; None where it cannot be read."""
        try:
            look = compare_account(self.session, resource, self._known(resource))
        except RequestError as error:
            sentence = f"The vendor does not say which fields there are: {error.message}"
            yield Finding(Level.NOTE, "fields", sentence, resource.name)
            return Account(resource)
        for item in look.lacking:
            yield self._say_lacking(resource, item, look.account)
        if look.faults:
            yield Finding(Level.FAILS, "fields", _say_faults(look), resource.name)
            return None
        if look.is_described and not look.lacking:
            fields = say_things(len(resource.fields), "declared field")
            yield Finding(Level.OK, "fields", f"The account has all of the {fields}.", resource.name)
        return look.account

    def _say_lacking(self, resource: Resource, item: Field, account: Account) -> Finding:
        lacking = say_lacking(resource, item, account, self.session.connection)
        if not (is_key(resource, item) and wants_created(self.system, resource)):
            return Finding(Level.NOTE, "fields", f"{self.system.title} {lacking}", resource.name)
        advice = (
            f"flows.csv has them created: add the field to the account, name another one in concord.toml "
            f'([systems.{self.system.name}.fields.{resource.name}] {item.name} = "…"), or change flows.csv.'
        )
        return Finding(Level.FAILS, "fields", f"{self.system.title} {lacking} But {advice}", resource.name)

    def _known(self, resource: Resource) -> Account | None:
        if self.database is None:
            return None
        with self.database.transaction(LOADER) as connection:
            return find_account(connection, self.system, resource)

    def _look_at_versions(self) -> Iterator[Finding]:
        for alarm in check_versions([self.system], datetime.now(UTC).date()):
            yield Finding(Level.NOTE, "version", alarm.sentence)
        if other := self.session.other_version:
            upgrade = say_upgrade(self.system.rules, self.system.connection)
            yield Finding(
                Level.NOTE,
                "version",
                f"The vendor answers with API version {other} in place of the one that was asked for; {upgrade}.",
            )

    def _look_at_clock(self) -> Iterator[Finding]:
        behind = self.session.clock_behind
        if behind is None:
            return
        if abs(behind) > TOLD_ABOVE:
            yield Finding(Level.NOTE, "clock", say_difference(self.system.name, behind))
        else:
            yield Finding(Level.OK, "clock", "Its clock and ours differ by no more than a minute.")

    def _say(self, error: ConcordError) -> str:
        """The sentence of an error, with the vendor's own help where it refused a read."""
        help_here = self.system.account.refused_help if isinstance(error, RequestError) else ""
        return " ".join(filter(None, (error.message, help_here)))

    def _say_end(self, error: ConcordError) -> Finding:
        """The finding for an error after which the check of the system has ended."""
        match error:
            case AuthenticationError():
                help_here = self.system.account.login_help
                return Finding(Level.FAILS, "login", " ".join(filter(None, (error.message, help_here))))
            case ConfigurationError():
                return Finding(Level.FAILS, "connection", error.message)
            case NetworkError():
                return Finding(Level.FAILS, "server", error.message)
        return Finding(Level.FAILS, "login", error.message)


def _say_faults(look: AccountLook) -> str:
    faults = "; ".join(look.faults)
    return (
        f"{faults[:1].upper()}{faults[1:]}. Until the login may see it, or the declaration of the system is "
        "corrected, nothing of it is read."
    )
