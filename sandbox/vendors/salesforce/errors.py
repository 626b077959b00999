"""The CRM's refusals: an array of errors with a code each."""

from typing import Any


class SalesforceError(Exception):
    """A call or one record of it is refused."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.fields = code, message, status, fields

    def body(self) -> list[dict[str, Any]]:
        """As the body of a whole response."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            error["fields"] = list(self.fields)
        return [error]

    def result(self) -> dict[str, Any]:
        """As the result of one record among others."""
        error = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        return {"success": False, "errors": [error]}


def not_found() -> SalesforceError:
    """What a wrong id or path gets."""
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
