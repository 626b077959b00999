"""HubSpot's errors: a category, a sentence, and the record of a batch that is at fault."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

Context = Mapping[str, list[str]]


class HubSpotError(Exception):
    """A call or one record of a batch is refused."""

    def __init__(self, category: str, message: str, *, status: int = 400, context: Context | None = None) -> None:
        super().__init__(message)
        self.category, self.message, self.status, self.context = category, message, status, dict(context or {})

    def body(self) -> dict[str, Any]:
        """The error as the body of a response."""
        return {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
            "context": self.context,
        }

    def result(self, context: Context) -> dict[str, Any]:
        """The error of one record in a batch."""
        return {
            "status": "error",
            "category": self.category,
            "message": self.message,
            "context": {**self.context, **context},
            "errors": [],
            "links": {},
        }


def invalid_request(message: str) -> HubSpotError:
    """The error for a malformed call."""
    return HubSpotError("VALIDATION_ERROR", message)


def invalid_value(name: str, error: str, message: str) -> HubSpotError:
    """A property whose value is refused; the message carries JSON as text."""
    told = [{"isValid": False, "message": message, "error": error, "name": name}]
    return HubSpotError(
        "VALIDATION_ERROR",
        f"Property values were not valid: {json.dumps(told)}",
        context={"propertyName": [name]},
    )


def not_found() -> HubSpotError:
    """The error for a wrong id or path."""
    message = "Object not found.  objectId are usually numeric."
    return HubSpotError("OBJECT_NOT_FOUND", message, status=404)
