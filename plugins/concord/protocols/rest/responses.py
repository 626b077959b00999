"""What the body of a response to a write says: the key of the record, or that and why the write was refused."""

from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Response
from concord.errors import OutcomeUnknownError, RequestError
from concord.protocols.session.sentences import say_content
from concord.protocols.values import UNREADABLE, get_at


@dataclass(frozen=True, slots=True)
class ResponsePaths:
    """Dotted paths in the body of a response to a write.

    `key` is the path of the record's key within the record, empty where only the `Location` header holds it.
    `done` is the path of a flag without which a write is refused though the status is good, and `reason` that of
    the vendor's reasons for a refusal, empty where all of the body is the reason.
    """

    key: str = "id"
    done: str = ""
    reason: str = ""

    def key_in(self, response: Response, wrapper: str) -> str | None:
        """The key in a response, None where it holds none; `wrapper` is the path of the record."""
        path = ".".join(filter(None, (wrapper, self.key)))
        found = get_at(_content(response), path) if self.key else None
        return None if found is None else str(found)

    def check(self, response: Response, call: str) -> None:
        """Raise a `RequestError` where a response with a good status is a refusal."""
        if self.done and not get_at(_content(response), self.done):
            reason = self.reason_in(response) or "no reason given"
            raise RequestError(f"The vendor refused {call}.", sentence=reason)

    def reason_in(self, response: Response) -> str:
        """What a refusal says, however its JSON is shaped; empty where it says nothing that can be read."""
        try:
            content = msgspec.json.decode(response.body)
        except UNREADABLE:
            return ""
        return say_content(get_at(content, self.reason) if self.reason else content)


def _content(response: Response) -> Any:
    try:
        return msgspec.json.decode(response.body) if response.body.strip() else None
    except UNREADABLE as error:
        raise OutcomeUnknownError("The response to a write cannot be read; read the record back.") from error
