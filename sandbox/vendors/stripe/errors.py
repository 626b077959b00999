"""Stripe's errors: an object with a type, mostly a code, and the parameter at fault."""

from typing import Any

INVALID = "invalid_request_error"


class StripeError(Exception):
    """A call is refused."""

    def __init__(
        self, message: str, *, status: int = 400, code: str = "", param: str = "", kind: str = INVALID
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.param, self.kind = message, status, code, param, kind

    def body(self) -> dict[str, Any]:
        """As the body of a response."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind}
        if self.code:
            error |= {"code": self.code, "doc_url": f"https://stripe.com/docs/error-codes/{self.code}"}
        if self.param:
            error["param"] = self.param
        return {"error": error}


def missing(kind: str, key: str, *, param: str = "id") -> StripeError:
    """The error for an unknown object: status 404 if the path names it, 400 if a parameter does."""
    message = f"No such {kind.replace('_', ' ')}: '{key}'"
    return StripeError(message, status=404 if param == "id" else 400, code="resource_missing", param=param)


def unknown_parameter(name: str) -> StripeError:
    """The error for a parameter that Stripe does not know."""
    return StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
