"""Whether the services of an account take writes: each hands out its token against cross-site requests."""

from collections.abc import Iterator

from concord.contract import Finding, Level, Resource, Session, System
from concord.errors import RequestError
from concord.protocols.odata.service import ODataService
from concord.protocols.odata.writes import ODataWrites, fetch_token

_SUBJECT = "writes"


class WritableServices:
    """Asks each service that is written for the token without which it takes no write; nothing is written."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding for each service that needs a token."""
        written: dict[str, list[Resource]] = {}
        services: dict[str, ODataService] = {}
        for resource in system.resources:
            writer = resource.writes.writer if resource.writes is not None else None
            if isinstance(writer, ODataWrites) and writer.entities.service.needs_token:
                service = writer.entities.service
                services[service.path] = service
                written.setdefault(service.path, []).append(resource)
        for path, resources in written.items():
            yield self._look_at(session, services[path], resources)

    def _look_at(self, session: Session, service: ODataService, resources: list[Resource]) -> Finding:
        names = ", ".join(item.name for item in resources)
        try:
            token, why = fetch_token(session, service), "it gives no token for them"
        except RequestError as error:
            token, why = "", error.message.rstrip(".")
        if not token:
            sentence = (
                f"The service of {names} will take no changes: {why}. Let the user write there, and see that no "
                "proxy removes the header X-CSRF-Token."
            )
            return Finding(Level.FAILS, _SUBJECT, sentence)
        return Finding(Level.OK, _SUBJECT, f"The service of {names} hands out the token for changes.")
