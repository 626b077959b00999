"""NetSuite's errors: a title, and details with a code each."""

from collections.abc import Mapping
from typing import Any

_TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class NetSuiteError(Exception):
    """A call or one record of it is refused; `at` says where the mistake is, `headers` go into the response."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        at: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.status = code, detail, status
        self.at, self.headers = dict(at or {}), dict(headers or {})

    def body(self) -> dict[str, Any]:
        """As the body of a response."""
        detail = {"detail": self.detail, **self.at, "o:errorCode": self.code}
        return {
            "type": _TYPE,
            "title": _TITLES.get(self.status, "Bad Request"),
            "status": self.status,
            "o:errorDetails": [detail],
        }


def too_many() -> NetSuiteError:
    """More concurrent calls than the account may have; the misleading title is the vendor's."""
    return NetSuiteError(
        "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.", status=429
    )


def not_logged_in() -> NetSuiteError:
    """A token that was never issued, or has expired."""
    challenge = 'Bearer realm="SANDBOX", error="token_rejected", error_description="Invalid token."'
    detail = "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI."
    return NetSuiteError("INVALID_LOGIN", detail, status=401, headers={"www-authenticate": challenge})


def nonexistent(record_id: str = "") -> NetSuiteError:
    """The error for a wrong id or path."""
    detail = f"The record instance does not exist. Provide a valid record instance ID. {record_id}".strip()
    return NetSuiteError("NONEXISTENT_ID", detail, status=404)
