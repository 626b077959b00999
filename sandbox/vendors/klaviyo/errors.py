"""Klaviyo's errors, in the form of JSON:API."""

from typing import Any

_TITLES = {
    "invalid": "Invalid input.",
    "not_authenticated": "Authentication credentials were not provided.",
    "not_found": "Not found.",
    "duplicate_profile": "Conflict.",
    "throttled": "Request was throttled.",
    "error": "Internal server error.",
}


class KlaviyoError(Exception):
    """One error; `pointer` or `parameter` says what is wrong with the request."""

    def __init__(self, code: str, detail: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.status = code, detail, status
        self.meta: dict[str, Any] = more.pop("meta", {})
        self.source: dict[str, str] = more

    @property
    def title(self) -> str:
        """The same for all errors of a code."""
        return _TITLES.get(self.code, "Invalid input.")

    def body(self) -> dict[str, Any]:
        """The body of the response."""
        error = {"id": "5f3c0a1e-6a1b-4b7e-9d0f-0d2f7a3d9c11", "status": self.status, "code": self.code}
        told = {"title": self.title, "detail": self.detail, "source": self.source, "links": {}, "meta": self.meta}
        return {"errors": [{**error, **told}]}


def not_found(kind: str, record_id: str) -> KlaviyoError:
    """The error for a wrong id or path."""
    return KlaviyoError("not_found", f"A {kind} with id {record_id} does not exist.", status=404)
