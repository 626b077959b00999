"""What the status of a response means: a body to use, a reason to wait, or an error that says what to do."""

from dataclasses import dataclass, replace

from concord.contract import Response, VendorRules
from concord.errors import ConcordError, OutcomeUnknownError, RateLimitError, RequestError, ServerError
from concord.protocols.session.refusals import is_html, request_error, vendor_code
from concord.protocols.session.retries import read_retry_after
from concord.protocols.session.transport import Request, unknown_outcome

_LONGEST_LIMIT = 60.0  # seconds that a session waits for a limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a response means: `error` is None where it is good, `may_repeat` where sending it again does no harm.

    The error's fact `retry_after` is the seconds to wait before that, None where the vendor names none.
    """

    error: ConcordError | None = None
    may_repeat: bool = False


GOOD = Verdict()


def judge(response: Response, request: Request, rules: VendorRules) -> Verdict:
    """Sort a whole response; 401 and redirects are handled by the session and not sorted here."""
    verdict = _sort(response, request, rules)
    hint = response.headers.get(rules.retry_header.lower(), "")
    if verdict.error is None or hint not in ("true", "false"):
        return verdict
    return replace(verdict, may_repeat=hint == "true" and not isinstance(verdict.error, OutcomeUnknownError))


def _sort(response: Response, request: Request, rules: VendorRules) -> Verdict:
    if rules.fault_mark and response.status >= 400 and rules.fault_mark.encode() in response.body:
        return GOOD
    wish = read_retry_after(response.headers)
    code = vendor_code(response.body, rules)
    if response.status == 429 or (400 <= response.status < 500 and code in rules.limit_codes | rules.lock_codes):
        return _judge_limit(response, request, rules, wish)
    if response.status in rules.busy_waits:
        wait = rules.busy_waits[response.status] if wish is None else wish
        return Verdict(_server_error(response, request, wait), may_repeat=True)
    if response.status >= 500 or response.status == 408:
        return _judge_server_error(response, request, rules, wish)
    if response.status >= 300:
        return Verdict(request_error(response, request, rules))
    return _judge_page(request) if is_html(response) else GOOD


def _lock_error(request: Request, code: str, wait: float | None) -> ConcordError:
    """Another process holds one record; that says nothing of the other records."""
    if not request.is_write:
        sentence = f"{request.path} is held by another process ({code}); run the task again."
        return ServerError(sentence, retry_after=wait)
    sentence = f"{code}: another process holds the record; the next plan tries again."
    return RequestError(sentence, code=code, retry_after=wait)


def _judge_limit(response: Response, request: Request, rules: VendorRules, wish: float | None) -> Verdict:
    """A limit is waited for, except one of more than a minute: then the task ends and is run again later."""
    if (code := vendor_code(response.body, rules)) in rules.lock_codes:
        return Verdict(_lock_error(request, code, wish), may_repeat=True)
    named = next((name for name in rules.limit_waits if f'"{name}"'.encode() in response.body), "")
    if request.is_write and not (named or code in rules.limit_codes or _is_refused(response, rules)):
        return Verdict(unknown_outcome(request))
    wait = rules.limit_waits.get(named) if wish is None else wish
    is_long = rules.limit_waits.get(named, 0.0) > _LONGEST_LIMIT
    suffix = f" ({named})" if named else ""
    error = RateLimitError(
        f"The vendor refuses {request.path} because its limit of calls{suffix} is used up; "
        "wait, or lower the system's rate limit.",
        retry_after=wait,
    )
    return Verdict(error, may_repeat=not is_long)


def _is_refused(response: Response, rules: VendorRules) -> bool:
    """Whether the vendor says so before it acts; a proxy in between may say so after it passed the call on."""
    return response.status in rules.refuses_before_acting


def _judge_server_error(response: Response, request: Request, rules: VendorRules, wish: float | None) -> Verdict:
    if request.is_write and not _is_refused(response, rules):
        return Verdict(unknown_outcome(request))
    return Verdict(_server_error(response, request, wish), may_repeat=True)


def _server_error(response: Response, request: Request, wait: float | None) -> ServerError:
    return ServerError(
        f"The vendor's server answered {response.status} to {request.method} {request.path}; "
        "see the vendor's status page if it stays so.",
        status=response.status,
        retry_after=wait,
    )


def _judge_page(request: Request) -> Verdict:
    if request.is_write:
        return Verdict(unknown_outcome(request))
    error = ServerError(
        f"A web page came back from {request.path} in place of data; "
        "the vendor may be in maintenance, or a proxy responded instead."
    )
    return Verdict(error, may_repeat=True)
