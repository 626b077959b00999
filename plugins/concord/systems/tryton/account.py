"""What only Tryton can tell of a user: what it may do with each model."""

from collections.abc import Iterator

import msgspec

from concord.contract import AccountChecks, Finding, Level, Resource, Session, System
from concord.systems.tryton.rpc import call, read_context
from concord.systems.tryton.writes import TrytonRpc

_SUBJECT = "permissions"
_access = msgspec.json.Decoder(dict[str, dict[str, bool | int]])


class ModelAccess:
    """Whether the user may write and create the records that Concord does, as the server says it of each model."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding for each resource that is written."""
        written = [
            (resource, resource.writes.writer.model)
            for resource in system.resources
            if resource.writes is not None and isinstance(resource.writes.writer, TrytonRpc)
        ]
        models = sorted({model for _, model in written})
        told = _access.decode(call(session, "model.ir.model.access.get_access", models, read_context(session)))
        for resource, model in written:
            yield self._look_at(resource, model, told.get(model, {}))

    def _look_at(self, resource: Resource, model: str, access: dict[str, bool | int]) -> Finding:
        assert resource.writes is not None
        wanted = {"write": resource.writes.update, "create": resource.writes.create}
        refused = [what for what, fields in wanted.items() if fields and not access.get(what, True)]
        if refused:
            sentence = f"The user may not {' or '.join(refused)} {model}; add it to a group that may."
            return Finding(Level.FAILS, _SUBJECT, sentence, resource.name)
        return Finding(Level.OK, _SUBJECT, f"The user may change {model} as Concord does.", resource.name)


ACCOUNT = AccountChecks(
    login_help="After six wrong logins the server refuses all of them for some time.",
    refused_help="Add the user to a group that may read this.",
    checks=((_SUBJECT, ModelAccess()),),
)
