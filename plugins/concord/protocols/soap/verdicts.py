"""How SOAP services say that a call was refused: in an envelope, or in a code within a response of status 200."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from concord.contract import VendorRules
from concord.errors import RequestError, ServerError
from concord.protocols.session.masking import masked_refusal
from concord.protocols.session.sentences import say_content
from concord.protocols.values import get_at

RULES = VendorRules(fault_mark="Envelope")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Where a response of status 200 says how the call went: its `code` is good, or says why it was refused.

    `busy` codes mean "not now", `moved` that the record is no longer what we saw, also within a fault.
    """

    code: str = ""
    good: frozenset[str] = frozenset({"0"})
    busy: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    messages: str = ""

    def check(self, operation: str, response: Mapping[str, Any], *, is_write: bool = False) -> None:
        """Raise what a code that is not good means."""
        code = str(get_at(response, self.code)) if self.code else ""
        if not self.code or code in self.good:
            return
        reason = say_content(get_at(response, self.messages)) or "no reason given"
        words = f"{code}: {reason}"
        shown = f"{code}: {masked_refusal(reason, is_write=is_write)}"
        if code in self.busy:
            raise ServerError(f"{operation} is not to be had just now ({shown}).", is_fault=True)
        raise RequestError(f"{operation} refused the call with {shown}.", sentence=words, codes=frozenset({code}))


ALL_GOOD = Verdicts()  # of a service that refuses by faults only
