"""What asks for a page, and whether the server's own addresses and marks do nothing but count.

A link such as `?offset=40`, `?page=3` or `/pages/3` looks like a mark that stands for a place in the list, and is
only a number: the list moves under its reader as one that we count ourselves. So is a mark that hides its number
in Base64, as Relay's `arrayconnection:39` does.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

NO_MORE = (None, "", False, msgspec.UNSET)
_NUMBERED = re.compile(r"([^\d]*)(\d+)")
_ONE_NUMBER = re.compile(r"(\D*)(\d+)(\D*)")
_TO_URLSAFE = str.maketrans("+/", "-_", "=")
_DEEPEST = 3  # times that a mark is written in Base64


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page to ask for: its address, and the parameters that go with it."""

    address: str
    params: Mapping[str, object]

    @property
    def mark(self) -> object:
        """What tells this page from all others of the list."""
        return self.address, *sorted((name, str(value)) for name, value in self.params.items())

    def replace(self, name: str, value: object) -> "PageRequest":
        """The same request with another value of one parameter."""
        return PageRequest(self.address, {**self.params, name: value})

    def follow(self, link: object) -> "PageRequest | None":
        """The page at a link that came with this page, whole or relative; None where there is no link."""
        return None if link in NO_MORE else PageRequest(urljoin(self.address, str(link)), {})


def has_counted(request: PageRequest, earlier: Sequence[PageRequest], came: int) -> bool:
    """Whether a request counts on from the one before it: by pages, or by records, of which `came` came."""
    if not earlier:
        return False
    before, now = _parts(earlier[-1]), _parts(request)
    moved = [name for name in now if name in before and before[name] != now[name]]
    if any(not (before[name] + now[name]).isdecimal() for name in moved):
        return False
    added = [name for name in now if name not in before and now[name].isdecimal()]
    sizes = {1, *(int(value) for name, value in now.items() if value.isdecimal() and before.get(name) == value)}
    of_records = (came - 1, came, came + 1)  # the last one that came, or the next one, counted from 0 or 1
    return any(
        int(now[name]) in of_records or int(now[name]) - int(before[name]) in sizes for name in moved
    ) or any(int(now[name]) in (len(earlier), len(earlier) + 1, *of_records) for name in added)


def _parts(request: PageRequest) -> dict[str, str]:
    """The parameters by name, those in the address too, and the numbers in its path by what is before them.

    Of a value with one number in it, the number counts, and what is around it belongs to the name.
    """
    parts = urlsplit(request.address)
    numbers = {f"/{before}": number for before, number in _NUMBERED.findall(parts.path)}
    given = {name: str(value) for name, value in request.params.items()}
    opened = (_open(name, value) for name, value in {**dict(parse_qsl(parts.query)), **given}.items())
    return {**numbers, **dict(opened)}


def _open(name: str, value: str) -> tuple[str, str]:
    """A name and a value, of which a text around the only number belongs to the name."""
    text = value
    for _ in range(_DEEPEST):
        found = _ONE_NUMBER.fullmatch(text)
        if found is not None:
            return (f"{name} {found[1]}…{found[3]}" if found[1] + found[3] else name), found[2]
        try:
            text = urlsafe_b64decode(text.translate(_TO_URLSAFE) + "==").decode("ascii")
        except (ValueError, UnicodeDecodeError):
            break
    return name, value
