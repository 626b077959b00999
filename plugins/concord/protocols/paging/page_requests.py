"""What asks for a page, and whether the server's own addresses and marks do nothing but count.

A link such as `?offset=40`, `?page=3` or `/pages/3` looks like a mark that stands for a place in the list, and is
only a number: the list moves under its reader as one that we count ourselves.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

NO_MORE = (None, "", False, msgspec.UNSET)
_NUMBERED = re.compile(r"([^\d]*)(\d+)")


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
    return any(
        int(now[name]) in (came, came + 1) or int(now[name]) - int(before[name]) in sizes for name in moved
    ) or any(int(now[name]) in (len(earlier), len(earlier) + 1, came, came + 1) for name in added)


def _parts(request: PageRequest) -> dict[str, str]:
    """The parameters by name, those in the address too, and the numbers in its path by what is before them."""
    parts = urlsplit(request.address)
    numbers = {f"/{before}": number for before, number in _NUMBERED.findall(parts.path)}
    given = {name: str(value) for name, value in request.params.items()}
    return {**numbers, **dict(parse_qsl(parts.query)), **given}
