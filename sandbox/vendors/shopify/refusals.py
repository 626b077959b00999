"""The request of a mutation, and its refusal."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """The request of a mutation with its version of the API; `bulk` are the shop's bulk operations."""

    arguments: dict[str, Any]
    version: str
    bulk: Any = None


class MutationRefusedError(Exception):
    """The mutation is refused; `errors` are its `userErrors`, `payload` its other fields."""

    def __init__(self, errors: list[dict[str, Any]], payload: dict[str, Any] | None = None) -> None:
        super().__init__(errors[0]["message"])
        self.errors, self.payload = errors, payload or {}


def user_error(field: list[str] | None, message: str, code: str | None = None) -> dict[str, Any]:
    """One entry of `userErrors`."""
    return {"field": field, "message": message, "code": code}
