"""Whether a response says that the login has ended: by 401, or by what the vendor's rules name."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from concord.contract import LoginEnded, Response, VendorRules
from concord.protocols.session.refusals import is_html


def says_login_ended(response: Response, rules: VendorRules) -> bool:
    """Whether the call was refused because the login it carried is no longer valid, and nothing was done."""
    return response.status == 401 or any(_is_sign(response, sign) for sign in rules.login_ended)


def _is_sign(response: Response, sign: LoginEnded) -> bool:
    if sign.statuses and response.status not in sign.statuses:
        return False
    if sign.location:
        led_to = urlsplit(response.headers.get("location", "")).path
        return 300 <= response.status < 400 and led_to.startswith(sign.location)
    if sign.path:
        return _holds(response, sign)
    return not sign.text or _tells(response, sign.text)


def _tells(response: Response, text: str) -> bool:
    """Whether an error or a web page holds the text, or any other body begins with it: records may hold it too."""
    wanted = text.encode()
    if response.status >= 400 or is_html(response):
        return wanted in response.body
    return response.body[: len(wanted) + 64].lstrip(b'\xef\xbb\xbf "\r\n\t').startswith(wanted)


def _holds(response: Response, sign: LoginEnded) -> bool:
    words = [*sign.codes, *filter(None, [sign.text])]
    if not any(not word.isascii() or word.encode() in response.body for word in words):
        return False  # the body of a large page is not decoded for nothing
    try:
        content = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    found = [str(value) for value in _values(content, sign.path.split("."))]
    is_there = any(value in sign.codes or (sign.text != "" and sign.text in value) for value in found)
    return is_there and not (sign.unless and any(map(_says_something, _values(content, sign.unless.split(".")))))


def _says_something(content: object) -> bool:
    """Whether there is a value other than null at any depth."""
    members = content.values() if isinstance(content, dict) else content if isinstance(content, list) else None
    return content is not None if members is None else any(map(_says_something, members))


def _values(content: object, parts: list[str]) -> Iterator[object]:
    """What lies at the path, in every member of a list on the way, without nulls."""
    match content:
        case list():
            for member in content:
                yield from _values(member, parts)
        case dict() if parts:
            yield from _values(content.get(parts[0]), parts[1:])
        case _ if content is not None and not parts:
            yield content
