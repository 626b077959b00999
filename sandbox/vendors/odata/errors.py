"""OData's errors, in the forms of V2 and V4."""

from typing import Any


class ODataError(Exception):
    """A call, or a whole changeset, is refused; `target` names the property that is at fault."""

    def __init__(self, status: int, code: str, message: str, *, target: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.target = status, code, message, target

    def body(self, version: int, service: str) -> dict[str, Any]:
        """As the body of a response."""
        detail = {"code": self.code, "message": self.message, "target": self.target, "severity": "error"}
        if version == 4:
            return {"error": {"code": self.code, "message": self.message, "details": [detail]}}
        inner = {
            "application": {"component_id": "SAP", "service_id": service, "service_version": "0001"},
            "transactionid": "A8B7000000000000E005F5E100000001",
            "timestamp": "",
            "Error_Resolution": {"SAP_Note": "See SAP Note 1797736 for error analysis"},
            "errordetails": [{**detail, "propertyref": ""}],
        }
        message = {"lang": "en", "value": self.message}
        return {"error": {"code": self.code, "message": message, "innererror": inner}}


def bad(message: str, *, code: str = "/IWBEP/CM_MGW_RT/021", target: str = "") -> ODataError:
    """The error for a malformed call."""
    return ODataError(400, code, message, target=target)


def not_found(what: str) -> ODataError:
    """The error for a wrong path or key."""
    return ODataError(404, "/IWBEP/CM_MGW_RT/020", f"Resource not found for segment '{what}'")
