"""One vendor application: how it is reached, its limits and rules, its resources."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from concord.contract.findings import Finding
from concord.contract.keys import last_part
from concord.contract.links import KINDS
from concord.contract.resources import Resource
from concord.contract.sessions import Auth, Session
from concord.contract.windows import Worklist
from concord.errors import ContractError


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How much may be asked of a system at a time, by all workers together.

    `per_second` is how many calls a second are made on average, and `burst` how many may follow each other without
    a wait after a pause. `concurrency` bounds what runs at once: it is the number of slots of the system's Airflow
    pool, so that no more of its tasks run, and the number of threads with which one task writes. `per_day` is how
    many calls the vendor allows in a day, 0 where it has no such quota; CONCORD_CALLS_PER_DAY names that of an
    account that has another one.
    """

    per_second: float
    burst: int = 1
    concurrency: int = 2
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class LoginEnded:
    """How a response says that the login has ended, beside status 401; the call has then not been carried out.

    All that is named here must be so: the status is one of `statuses`; a redirect leads to a path that begins
    with `location`; the JSON body holds one of `codes`, or a text that contains `text`, at the dotted `path`,
    which goes through all members of a list, and nothing at `unless`. Without a `path`, `text` must be in the body
    of an error or a web page, or at the beginning of any other body: further on, a record could hold it.
    """

    path: str = ""
    codes: frozenset[str] = frozenset()
    text: str = ""
    unless: str = ""
    statuses: frozenset[int] = frozenset()
    location: str = ""

    def __post_init__(self) -> None:
        if bool(self.path) != bool(self.codes) and not self.text:
            raise ContractError("LoginEnded needs `codes` or `text` to look for at its `path`; declare both.")
        if not (self.path or self.text or self.statuses or self.location):
            raise ContractError("LoginEnded names no sign; declare `path`, `text`, `statuses` or `location`.")


@dataclass(frozen=True, slots=True)
class VendorRules:
    """What a session must know of a vendor's responses, and the headers that the vendor wants with every call.

    - `headers`: sent with every call.
    - `version_header`: the response header that names the API version which served the call.
    - `version_option`: the entry of the connection's extra fields that chooses the API version, empty where the
      declaration alone chooses it.
    - `code_keys`: the keys of a JSON body that hold an error code; the first of them in the body counts.
    - `reasons`: dotted paths in the JSON body of a refusal at which the vendor says why; the first at which there
      is something counts. A list on the way stands for each of its items. Where none of them fits, the body
      counts if it is short plain text.
    - `limit_codes`: error codes that mean "too many calls", whatever the status from 400 to 499.
    - `lock_codes`: error codes that mean "another process holds this record", at the same statuses.
    - `limit_waits`: the seconds to wait by the name of a limit, which the body of a "too many calls" holds. A
      session does not wait for a limit of more than a minute; the task ends and is run again later.
    - `busy_waits`: the seconds to wait by a status that means "not now, and nothing was done".
    - `refuses_before_acting`: statuses, such as 429, that the vendor gives to a write only before it acts on it. A
      write that gets 429 or any status from 500 without being named here or by one of the codes and limits above
      may have been carried out; it is looked up before it is sent again, whatever the response asks for.
    - `retry_header`: the response header that says `true` or `false` to another attempt.
    - `login_ended`: how responses say that the login has ended, beside 401; the session then logs in anew, once.
    - `fault_mark`: text by which the body of an error is told to be the protocol's own, such as a SOAP fault; such
      a response is handed back as a good one, for the protocol to read.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    version_header: str = ""
    version_option: str = ""
    code_keys: tuple[str, ...] = ("code", "error")
    reasons: tuple[str, ...] = ("error.message", "error_description", "message", "detail", "errors.message")
    limit_codes: frozenset[str] = frozenset()
    lock_codes: frozenset[str] = frozenset()
    limit_waits: Mapping[str, float] = field(default_factory=dict)
    busy_waits: Mapping[int, float] = field(default_factory=dict)
    refuses_before_acting: frozenset[int] = frozenset()
    retry_header: str = ""
    login_ended: tuple[LoginEnded, ...] = ()
    fault_mark: str = ""


class AccountCheck(Protocol):
    """A look at an account that only its vendor allows, such as one at the scopes that were granted."""

    def find(self, session: Session, system: "System") -> Iterator[Finding]:
        """What was found out; nothing is written. Raises the errors of the session."""


@dataclass(frozen=True, slots=True)
class AccountChecks:
    """What is checked of an account beside what every system has.

    `login_help` is what to do where the login is refused, and `refused_help` where something may not be read:
    sentences that follow the vendor's own words. `checks` are made in order, each under the subject that a finding
    has where the check itself is refused.
    """

    login_help: str = ""
    refused_help: str = ""
    checks: tuple[tuple[str, AccountCheck], ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """One vendor application: where it is, how to log in, its limits, its resources in the order of writing.

    `connection` is the name of the Airflow connection, `owns` a sentence about what the system decides.
    `api_version_ends` is the last day of `api_version` as YYYY-MM-DD, empty where the vendor has not named one.
    `vendor` is the name of the declaration that the system is an instance of, empty where it is none.
    `roles` are the parts that the system usually plays in a business, such as `shop` or `crm`, each with its rank
    among all systems that play it (1 is the first); a business may give it others.
    `common_key` gives what all notations of one key have in common, so that a person may type any of them.
    `account` is what a check before the first night looks at beside what every system has.
    """

    name: str
    title: str
    connection: str
    auth: Auth
    rate_limit: RateLimit
    resources: tuple[Resource, ...]
    owns: str = ""
    vendor: str = ""
    roles: Mapping[str, int] = field(default_factory=dict)
    api_version: str = ""
    api_version_ends: str = ""
    rules: VendorRules = VendorRules()
    common_key: Callable[[str], str] = last_part
    account: AccountChecks = field(default_factory=AccountChecks)

    def __post_init__(self) -> None:
        names = [item.name for item in self.resources]
        if len(set(names)) != len(names):
            raise ContractError(f"System {self.name} declares a resource twice; keep one of each.")
        try:
            self.version_end()
        except ValueError as error:
            raise ContractError(f"System {self.name}: write api_version_ends as YYYY-MM-DD.") from error

    def check_links(self) -> None:
        """Raise ContractError for a link of a resource to what is neither another resource nor a kind of text."""
        names = {item.name for item in self.resources}
        for item in self.resources:
            for name, named in item.linked.items():
                if named not in KINDS | names:
                    raise ContractError(
                        f"{name!r} of {self.name} {item.name} links {named!r}, which is no resource of the system."
                    )

    @property
    def rule_names(self) -> list[str]:
        """The names by which a rule may mean the system: its own, its vendor's, those of its roles."""
        return list(dict.fromkeys([self.name, self.vendor or self.name, *self.roles]))

    @property
    def is_read_last(self) -> bool:
        """Whether a worklist says what to ask it for, so that the other systems must have been read before."""
        return any(isinstance(resource.changes, Worklist) for resource in self.resources)

    def version_end(self) -> date | None:
        """The last day of the API version, None where the vendor has not named one."""
        return date.fromisoformat(self.api_version_ends) if self.api_version_ends else None

    def resource(self, name: str) -> Resource:
        """The resource of that name; a `ContractError` that lists those there are where it has none."""
        for item in self.resources:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.resources)
        raise ContractError(f"System {self.name} has no resource {name!r}; it has {known}.")
