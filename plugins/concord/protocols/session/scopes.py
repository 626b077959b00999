"""The scopes that an app was granted, as the response to a login names them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from concord.contract import Finding, Level, Session, System
from concord.protocols.session.token_login import LoginCall
from concord.protocols.session.token_places import content_of, get_in

_SUBJECT = "scopes"


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope that is wanted: its name, and a sentence about what is so without it and what to do."""

    name: str
    without: str
    level: Level = Level.NOTE


@dataclass(frozen=True, slots=True)
class GrantedScopes:
    """Logs in anew by `call` and compares the scopes at `path` of the response with those that are wanted.

    They are one text, separated by commas or blanks. `untold` is the sentence where the response names none.
    """

    call: LoginCall
    scopes: tuple[Scope, ...]
    untold: str
    path: str = "scope"

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding for each scope that is not there, or one that says that all are."""
        told = get_in(content_of(self.call.send(session)), self.path)
        if not isinstance(told, str) or not told.strip():
            yield Finding(Level.NOTE, _SUBJECT, self.untold)
            return
        granted = set(re.split(r"[,\s]+", told.strip()))
        missing = [scope for scope in self.scopes if scope.name not in granted]
        yield from (Finding(scope.level, _SUBJECT, scope.without) for scope in missing)
        if not missing:
            yield Finding(Level.OK, _SUBJECT, f"The app has the {len(self.scopes)} scopes that were looked for.")
