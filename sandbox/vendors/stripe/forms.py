"""Bracketed forms and queries: `a[b]=1`, `a[]=1`, `a[0]=1`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.vendors.stripe.errors import StripeError

_PART = re.compile(r"\[([^\]]*)\]")
Form = dict[str, Any]


def read_form(text: str) -> Form:
    """A form as nested dictionaries; names with empty or numbered brackets become lists of texts."""
    form: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = name.split("[")[0], *_PART.findall(name)
        if rest and (not rest[-1] or rest[-1].isdigit()):
            _branch(form, [first, *rest[:-1]]).append(value)
        elif rest:
            _leaf(form, [first, *rest], value)
        else:
            form[first] = value
    return form


def _leaf(form: Form, parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        form = form.setdefault(part, {})
        if not isinstance(form, dict):
            raise StripeError(f"Invalid hash: {part}", param=part)
    form[parts[-1]] = value


def _branch(form: Form, parts: list[str]) -> list[str]:
    for part in parts[:-1]:
        form = form.setdefault(part, {})
    found: list[str] = form.setdefault(parts[-1], [])
    return found


def read_integer(form: Form, name: str, default: int) -> int:
    """A whole number among the parameters."""
    text = str(form.get(name, default))
    if not text.lstrip("-").isdigit():
        raise StripeError(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    return int(text)
