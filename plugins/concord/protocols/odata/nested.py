"""Entities inside of records: a server may send a part of them, with a link to the rest, which is read here.

`__next` inside of an expanded collection in V2, `<name>@odata.nextLink` beside it in V4.
https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ControlInformationnextLinkodatanextLink
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from concord.contract import Page
from concord.protocols.values import UNREADABLE

Follow = Callable[[str], Iterator[Page]]
_HAS_MORE = re.compile(rb'"(?:__next|[^"]*@odata\.nextLink)"\s*:')
_NEXT_V2, _NEXT_V4 = "__next", "@odata.nextLink"


def _verbatim(digits: str) -> msgspec.Raw:
    return msgspec.Raw(digits.encode())


_record = msgspec.json.Decoder(float_hook=_verbatim)


def completed(page: Page, follow: Follow) -> Page:
    """The same records with all entities of their collections; `follow` gives the pages behind a link.

    A record that cannot be read stays as it is, for validation to see.
    """
    return [_completed(raw, follow) if _HAS_MORE.search(raw) else raw for raw in page]


def _completed(raw: msgspec.Raw, follow: Follow) -> msgspec.Raw:
    try:
        record = _record.decode(raw)
    except UNREADABLE:
        return raw
    _complete(record, follow)
    return msgspec.Raw(msgspec.json.encode(record))


def _complete(content: Any, follow: Follow) -> None:
    """Read the rest of every collection in the content, also in what is read for it."""
    if isinstance(content, list):
        for member in content:
            _complete(member, follow)
    if not isinstance(content, dict):
        return
    for name, member in list(content.items()):
        if name == _NEXT_V2 and isinstance(content.get("results"), list):
            content["results"] += _rest(content.pop(name), follow)
        elif name.endswith(_NEXT_V4) and isinstance(content.get(name.removesuffix(_NEXT_V4)), list):
            content[name.removesuffix(_NEXT_V4)] += _rest(content.pop(name), follow)
        else:
            _complete(member, follow)


def _rest(link: object, follow: Follow) -> list[msgspec.Raw]:
    """The entities behind the link, of which there are none where it is empty."""
    return [raw for page in follow(str(link)) for raw in completed(page, follow)] if link else []
