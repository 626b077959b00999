"""Values of a SOAP document that cannot be read are marked or kept as text, so that only their records are lost.

XML forbids most control characters, also written as references, and a parser then refuses the whole document.
And the library zeep takes a text that is not of the type that the WSDL names for no value, or fails over it.
"""

import re
from typing import Any

from zeep.xsd.types.simple import AnySimpleType

from concord.protocols.repair import marked

_DECIMAL = rb"0*(?:[0-8]|1[124-9]|2[0-9]|3[01])"
_HEXADECIMAL = rb"[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2})"
_REFERENCE = rb"&#(?:" + _DECIMAL + rb"|" + _HEXADECIMAL + rb");"
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|" + _REFERENCE)
_TEXT = re.compile(rb"(?<=>)<!\[CDATA\[.*?\]\]>(?=<)|(?<=>)[^<>]+(?=<)", re.DOTALL)
_TRUTHS = frozenset({"true", "false", "1", "0"})  # zeep takes every other text for false
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0")  # the beginning of a document in two bytes a character


def without_forbidden(document: bytes) -> bytes:
    """The document with a mark for each text that holds what XML forbids, or bytes that are not UTF-8."""
    head = document[:100].lower()
    if document.startswith(_WIDE) or (b"encoding=" in head and b"utf-8" not in head):
        return document
    if _FORBIDDEN.search(document) is None and _is_utf8(document):
        return document
    return _TEXT.sub(lambda found: _readable(found[0]), document)


def _readable(text: bytes) -> bytes:
    is_sound = _FORBIDDEN.search(text) is None and _is_utf8(text)
    return text if is_sound else marked(b'"%b"' % text).encode()


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _value_or_text(self: Any, xmlelement: Any, *_: Any, **__: Any) -> Any:
    """The value of an element, or its text where that is not of the type, so that its record is set aside."""
    text = xmlelement.text
    if text is None:
        return None
    try:
        value = self.pythonvalue(text)
    except (TypeError, ValueError, ArithmeticError):
        return text
    return text if isinstance(value, bool) and text.strip() not in _TRUTHS else value


def keep_unreadable_texts() -> None:
    """Let zeep give the text of an element that it cannot read; the library has no setting for it."""
    AnySimpleType.parse_xmlelement = _value_or_text  # type: ignore[method-assign]  # no other way in
