"""GraphQL over HTTP: a query is a POST to one address, and errors come inside a response of status 200.

https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from concord.contract import Session
from concord.errors import (
    ChangeConflictError,
    ConcordError,
    OutcomeUnknownError,
    RateLimitError,
    RequestError,
    ServerError,
)
from concord.protocols.reading import Decoded, ask
from concord.protocols.session.masking import masked_refusal
from concord.protocols.session.retries import Backoff, is_transient, retry
from concord.protocols.values import get_at

_BACKOFF = Backoff(attempts=8, first_wait=2.0, factor=1.0)


class _Result(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[dict[str, object]] | str | dict[str, object] | None = None
    extensions: msgspec.Raw = msgspec.Raw(b"null")


_result = msgspec.json.Decoder(_Result)


def no_wait(_: msgspec.Raw) -> float:
    """No seconds, for a vendor that tells nothing of its limits."""
    return 0.0


@dataclass(frozen=True, slots=True)
class GraphQLRules:
    """What a vendor's error codes mean, in `errors` and in the results that say that they are refusals.

    `code` is the dotted path of the code in a member of `errors`. `limit_codes` say that too much was asked for,
    `denied_codes` that the application lacks a permission, `conflict_codes` that a record moved since it was read,
    and `transient_codes` that the vendor failed; the empty code stands for a member of `errors` without one.
    `wait_of` reads from the `extensions` of a response how many seconds pass until the same query may be sent
    again.
    """

    code: str = "extensions.code"
    limit_codes: frozenset[str] = frozenset()
    denied_codes: frozenset[str] = frozenset()
    conflict_codes: frozenset[str] = frozenset()
    transient_codes: frozenset[str] = frozenset({""})
    wait_of: Callable[[msgspec.Raw], float] = no_wait


@dataclass(frozen=True, slots=True)
class GraphQLApi:
    """One address; where its `path` holds `{version}`, the connection's `api_version` takes that place first."""

    path: str
    version: str = ""
    rules: GraphQLRules = field(default_factory=GraphQLRules)

    def run(
        self, session: Session, query: str, variables: Mapping[str, object], *, is_write: bool = False
    ) -> dict[str, msgspec.Raw]:
        """The `data` of the response; waits afterwards as long as the vendor's limits ask for.

        Limits and failures that the vendor reports are tried again, and are a `RateLimitError` or `ServerError` in
        the end; any other error is a `RequestError`. A write that may have been carried out in part is an
        `OutcomeUnknownError` and is not sent again.
        """
        path = self.path
        if "{version}" in path:
            path = path.format(version=session.option("api_version", self.version))
        body = {"query": query, "variables": variables}

        def run_once() -> dict[str, msgspec.Raw]:
            result = ask(session, _result, "POST", path, body=body, is_write=is_write)
            wait = self.rules.wait_of(result.extensions)
            if result.errors:
                error = _error_of(result, self.rules, query, is_write=is_write)
                error.facts.update(is_in_body=True, retry_after=wait or None)
                raise error
            if result.data is None:
                raise _no_data(is_write=is_write)
            session.pause(wait)
            return result.data

        return retry(run_once, _BACKOFF, session.pause, may_repeat=_is_passing)


def _is_passing(error: ConcordError) -> bool:
    """Whether the body of a response told of what may pass; what its status tells the session has repeated."""
    return is_transient(error) and bool(error.facts.get("is_in_body"))


def _no_data(*, is_write: bool) -> ConcordError:
    if is_write:
        return OutcomeUnknownError("The vendor answered a write with nothing; read the records back first.")
    return ServerError(
        "The vendor answers queries with neither data nor errors; see its status page.", is_in_body=True
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a response says of a call that was not carried out: the codes, and the reason in words.

    `is_failure` says that the vendor failed, and `is_partial` that a part of the call was carried out. Names that
    stand in `query` are shown where the reason quotes them.
    """

    codes: list[str]
    reason: str
    is_failure: bool = False
    is_partial: bool = False
    query: str = ""

    def error(self, rules: GraphQLRules, *, is_write: bool) -> ConcordError:
        """The error of ours; a write that was carried out in part is of unknown outcome."""
        sentence = masked_refusal(self.reason, is_write=is_write, asked=self.query)
        if not rules.limit_codes.isdisjoint(self.codes):
            return RateLimitError(
                "The vendor's limit of queries is used up; lower the page size or the rate limit."
            )
        if is_write and (self.is_failure or self.is_partial):
            return OutcomeUnknownError(
                "The vendor failed within a write and does not say how far it came; "
                "read the records back before anything is sent again."
            )
        if self.is_failure:
            return ServerError(f"The vendor failed on a query ({sentence}); see its status page if it stays so.")
        if is_write and not rules.conflict_codes.isdisjoint(self.codes):
            return ChangeConflictError(f"The target has changed since the plan was made ({sentence}).")
        return self._lasting(rules, sentence, is_write=is_write)

    def _lasting(self, rules: GraphQLRules, sentence: str, *, is_write: bool) -> RequestError:
        if denied := next((code for code in self.codes if code in rules.denied_codes), ""):
            advice = "give it the scope and install it again"
            message = f"The application may not do this ({sentence}); {advice}."
            return RequestError(message, code=denied, sentence=self.reason)
        what, advice = (
            ("mutation", "correct the record at its owner")
            if is_write
            else ("query", "check the declaration against the API version")
        )
        message = f"The vendor refused a {what} ({sentence}); {advice}."
        return RequestError(message, code=self.codes[0], sentence=self.reason)


def _error_of(result: _Result, rules: GraphQLRules, query: str, *, is_write: bool) -> ConcordError:
    """The error for the errors of a response."""
    errors = result.errors if isinstance(result.errors, list) else [{"message": result.errors}]
    codes = [str(get_at(error, rules.code) or "") for error in errors]
    is_failure = not rules.transient_codes.isdisjoint(codes) and not any("locations" in error for error in errors)
    is_deep = any(len(path) > 1 for error in errors if isinstance(path := error.get("path"), list))
    is_partial = is_deep or any(bytes(value) != b"null" for value in (result.data or {}).values())
    reason = "; ".join(str(error.get("message")) for error in errors)
    refusal = Refusal(codes, reason, is_failure=is_failure, is_partial=is_partial, query=query)
    return refusal.error(rules, is_write=is_write)


def decode_part(decode: Callable[[bytes], Decoded], part: msgspec.Raw | None) -> Decoded:
    """One root of the `data` of a response; a `ServerError` where it is not in the agreed form, or missing."""
    try:
        return decode(part or b"null")
    except msgspec.DecodeError as error:
        raise ServerError(
            "A part of the vendor's response is missing or not in the agreed form; check the API version, "
            "then run the task again."
        ) from error
