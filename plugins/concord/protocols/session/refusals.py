"""The error for a lasting refusal: the vendor's own code and reason, and what to do about it."""

import re
from functools import cache

import msgspec

from concord.contract import Response, VendorRules
from concord.errors import RequestError
from concord.protocols.session.masking import masked_refusal
from concord.protocols.session.sentences import say_content, say_parts
from concord.protocols.session.transport import Request

_HTML = (b"<!doctype html", b"<html")
_MESSAGE = re.compile(r"<(?:\w+:)?(?:message|faultstring)\b[^>]*>([^<]+)<", re.IGNORECASE)
_LONGEST_TEXT = 300  # characters of a body without form that are taken for a reason
_ADVICE = {
    402: "the account is not active",
    413: "the request is too large",
    414: "the request is too large",
    423: "the account is locked",
}
_ADVICE_OF_READS = _ADVICE | {
    400: "check the declaration of the system against the vendor's account",
    403: "give the application the permission to read this",
    404: "check the API version and the base address of the connection",
}
_ADVICE_OF_WRITES = _ADVICE | {
    403: "give the application the permission to write this",
    404: "the record may be gone; the next plan will look at it again",
    409: "the record may have changed; the next plan will look at it again",
    410: "the record may be gone; the next plan will look at it again",
    412: "the record may have changed; the next plan will look at it again",
}
_RETIRED = (410, 426)


def request_error(response: Response, request: Request, rules: VendorRules) -> RequestError:
    """The error for a lasting refusal; its facts have the `response`, and the vendor's own `sentence` unmasked."""
    code, reason = vendor_code(response.body, rules), vendor_reason(response, rules)
    shown = f"{response.status} {code}" if code else str(response.status)
    shown_reason = masked_refusal(reason, is_write=request.is_write, asked=request.words)
    why = f": {shown_reason}" if reason else ""
    facts = {"sentence": f"{code or response.status}: {reason}"} if reason else {}
    return RequestError(
        f"The vendor refused {request.method} {request.path} with {shown}{why.rstrip('.')}; "
        f"{_advice(response.status, request, rules)}.",
        status=response.status,
        code=code,
        response=response,
        **facts,
    )


def _advice(status: int, request: Request, rules: VendorRules) -> str:
    known = _ADVICE_OF_WRITES if request.is_write else _ADVICE_OF_READS
    if status in _RETIRED and status not in known:
        return f"this API version is retired; {say_upgrade(rules)}"
    if status in known:
        return known[status]
    return (
        "correct the record at its owner"
        if request.is_write
        else ("check the declaration of the system and the permissions of the application")
    )


def say_upgrade(rules: VendorRules, connection: str = "") -> str:
    """What to do for another version of the vendor's API; `connection` is the name of the system's."""
    if rules.version_option:
        of_connection = f"of connection {connection}" if connection else "of the connection"
        return f"set {rules.version_option} in the extra fields {of_connection} to a newer one"
    return "install a Concord whose declaration of the system names a newer one"


def vendor_code(body: bytes, rules: VendorRules) -> str:
    """The first error code in the body, under one of the vendor's `code_keys`; empty when it holds none."""
    match = _code_pattern(rules.code_keys).search(body[:4096])
    return match.group(1).decode("ascii") if match else ""


@cache
def _code_pattern(keys: tuple[str, ...]) -> re.Pattern[bytes]:
    names = "|".join(map(re.escape, keys))
    return re.compile(rb'"(?:%b)"\s*:\s*"([A-Za-z0-9_./-]{1,60})"' % names.encode())


def vendor_reason(response: Response, rules: VendorRules) -> str:
    """Why the vendor refused, in its own words, which may quote the record; empty where it does not say."""
    if not response.body.strip() or is_html(response):
        return ""
    try:
        content = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _reason_in_text(response.body)
    found = (say_parts(content, path) for path in rules.reasons)
    return next(filter(None, found), "") or say_content(content)


def _reason_in_text(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    if told := _MESSAGE.search(text):
        return told.group(1)
    return text if len(text) <= _LONGEST_TEXT and not text.startswith("<") else ""


def is_html(response: Response) -> bool:
    """Whether the body is a page for people."""
    kind = response.headers.get("content-type", "").lower()
    return kind.startswith("text/html") or response.body[:64].lstrip().lower().startswith(_HTML)
