"""Salesforce's errors: an array, with a code for each."""

from typing import Any


class SalesforceError(Exception):
    """A call or one record of it is refused."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.fields = code, message, status, fields

    def body(self) -> list[dict[str, Any]]:
        """The error as the body of a response."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            error["fields"] = list(self.fields)
        return [error]

    def result(self) -> dict[str, Any]:
        """The error as the result of one record in a batch."""
        error = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        return {"success": False, "errors": [error]}


def not_found() -> SalesforceError:
    """The error for a wrong id or path."""
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
