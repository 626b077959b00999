"""What a status means: an answer to use, a reason to wait, or an error that says what to do."""

import re
from dataclasses import dataclass, replace

from concord.contract import Answer, Manners
from concord.errors import ConcordError, OutcomeUnknownError, RateLimitError, RequestError, ServerError
from concord.http.patience import read_retry_after
from concord.http.transport import Reply, Request, unknown_outcome

_CODE = re.compile(rb'"(?:(?:o:)?errorCode|code|error|category)"\s*:\s*"([A-Za-z0-9_./-]{1,60})"')
_HTML = (b"<!doctype html", b"<html")
_LONGEST_LIMIT = 60.0  # seconds; a session waits out what opens sooner


@dataclass(frozen=True, slots=True)
class Verdict:
    """`error` None means the reply is good; `may_repeat` that sending again can do no harm and may help."""

    error: ConcordError | None = None
    may_repeat: bool = False
    retry_after: float | None = None


GOOD = Verdict()


def judge(reply: Reply, request: Request, manners: Manners) -> Verdict:
    """Sort a whole reply; 401 and redirects are the session's own business and not sorted here."""
    verdict = _sort(reply, request, manners)
    hint = reply.headers.get(manners.retry_header.lower(), "")
    if verdict.error is None or hint not in ("true", "false"):
        return verdict
    return replace(verdict, may_repeat=hint == "true" and not isinstance(verdict.error, OutcomeUnknownError))


def _sort(reply: Reply, request: Request, manners: Manners) -> Verdict:
    if manners.fault_mark and reply.status >= 400 and manners.fault_mark.encode() in reply.body:
        return GOOD
    wish = read_retry_after(reply.headers)
    code = vendor_code(reply.body)
    if reply.status == 429 or (400 <= reply.status < 500 and code in manners.limit_codes | manners.lock_codes):
        return _judge_limit(reply, request, manners, wish)
    if reply.status in manners.busy_waits:
        wait = manners.busy_waits[reply.status] if wish is None else wish
        return Verdict(_server_error(reply, request), may_repeat=True, retry_after=wait)
    if reply.status >= 500 or reply.status == 408:
        return _judge_server_error(reply, request, wish)
    if reply.status >= 300:
        return Verdict(request_error(reply, request))
    return _judge_page(request) if is_html(reply) else GOOD


def _lock_error(request: Request, code: str) -> ConcordError:
    """One record is held; that says nothing of the others."""
    if not request.is_write:
        return ServerError(f"{request.path} is held by another process ({code}); run the task again.")
    return RequestError(f"{code}: another process holds the record; the next plan tries again.", code=code)


def _judge_limit(reply: Reply, request: Request, manners: Manners, wish: float | None) -> Verdict:
    """A limit is waited for; one that opens much later is left to whoever runs the task again."""
    if (code := vendor_code(reply.body)) in manners.lock_codes:
        return Verdict(_lock_error(request, code), may_repeat=True, retry_after=wish)
    named = next((name for name in manners.limit_waits if f'"{name}"'.encode() in reply.body), "")
    wait = manners.limit_waits.get(named) if wish is None else wish
    is_long = manners.limit_waits.get(named, 0.0) > _LONGEST_LIMIT
    told = f" ({named})" if named else ""
    error = RateLimitError(
        f"The vendor refuses {request.path} because its limit of calls{told} is used up; "
        "wait, or lower the system's pace.",
        retry_after=wait,
    )
    return Verdict(error, may_repeat=not is_long, retry_after=wait)


def _judge_server_error(reply: Reply, request: Request, wish: float | None) -> Verdict:
    refused = reply.status == 503 and wish is not None
    if request.is_write and not refused:
        return Verdict(unknown_outcome(request))
    return Verdict(_server_error(reply, request), may_repeat=True, retry_after=wish)


def _server_error(reply: Reply, request: Request) -> ServerError:
    return ServerError(
        f"The vendor's server answered {reply.status} to {request.method} {request.path}; "
        "see the vendor's status page if it stays so.",
        status=reply.status,
    )


def _judge_page(request: Request) -> Verdict:
    if request.is_write:
        return Verdict(unknown_outcome(request))
    error = ServerError(
        f"A web page came back from {request.path} in place of data; "
        "the vendor may be in maintenance, or a proxy stands in between."
    )
    return Verdict(error, may_repeat=True)


def request_error(reply: Reply, request: Request) -> RequestError:
    """A refusal that will stay one: the vendor's code in its message, the payload only in its facts."""
    code = vendor_code(reply.body)
    shown = f"{reply.status} {code}" if code else str(reply.status)
    advice = {
        402: "the account is not active",
        403: "give the application the permission it lacks",
        404: "check the API version and the base address of the connection",
        410: "this API version is retired; set a newer api_version in the connection's extra",
        413: "the request is too large",
        414: "the request is too large",
        423: "the account is locked",
        426: "this API version is retired; set a newer api_version in the connection's extra",
    }.get(reply.status, "check the declaration of the system and the permissions of the application")
    return RequestError(
        f"The vendor refused {request.method} {request.path} with {shown}; {advice}.",
        status=reply.status,
        code=code,
        answer=Answer(reply.body, reply.headers, reply.status),
    )


def vendor_code(body: bytes) -> str:
    """The first error code in the body, empty when it holds none."""
    match = _CODE.search(body[:4096])
    return match.group(1).decode("ascii") if match else ""


def is_html(reply: Reply) -> bool:
    """Whether the body is a page for people."""
    kind = reply.headers.get("content-type", "").lower()
    return kind.startswith("text/html") or reply.body[:64].lstrip().lower().startswith(_HTML)
