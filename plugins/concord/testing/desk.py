"""A hand on the server of a system: what a test does to the vendor and sees of it."""

from collections.abc import Mapping
from typing import Any

from concord.contract import Resource
from concord.testing.redeclared import Redeclared

Values = Mapping[str, object]


class Desk(Redeclared):
    """What a test may do to a vendor behind the product's back; `form` says how its records are written."""

    form = "json"

    def count(self, resource: Resource) -> int:
        """How many records the vendor has."""
        raise NotImplementedError

    def fault(self, kind: str, *, on: str) -> None:
        """One fault at the next call that does `on`: read, write, create or login."""
        raise NotImplementedError

    def cut(self, number: int) -> None:
        """Lose the answer to the call that is the `number`-th from now, once it was carried out."""
        raise NotImplementedError

    def has_cut(self) -> bool:
        """Whether the last cut has struck."""
        raise NotImplementedError

    def shorten(self, value: str) -> None:
        """From now on the vendor keeps this value without its last sign, and says nothing of it."""
        raise NotImplementedError

    def calls(self) -> int:
        """How many calls arrived since the start."""
        raise NotImplementedError

    def moments(self) -> list[float]:
        """When each call arrived, in seconds."""
        raise NotImplementedError

    def effects(self, resource: Resource, key: str) -> object:
        """Something that changes whenever the record is written."""
        raise NotImplementedError

    def raw(self, resource: Resource, key: str) -> Any:
        """The whole record as the vendor keeps it."""
        raise NotImplementedError

    def fill(self, resource: Resource, key: str, values: Values) -> None:
        """Give the record values by their path, of which no declaration need know."""
        raise NotImplementedError

    def expire_login(self) -> None:
        """Let every login that was given end now."""
        raise NotImplementedError

    def touch(self, resource: Resource, key: str) -> None:
        """Somebody edits the record."""
        raise NotImplementedError

    def delete(self, resource: Resource, key: str) -> None:
        """Somebody deletes the record."""
        raise NotImplementedError

    def put_clock_back(self, seconds: float) -> None:
        """Let the vendor's clock be that far behind ours until the reset: in its responses and in its stamps."""
        raise NotImplementedError

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        """Let everything that is read hold other bytes instead of these, until the reset."""
        raise NotImplementedError

    def stir(self, resource: Resource, key: str) -> None:
        """A volatile field of the record moves, and its change stamp does not."""
        raise NotImplementedError

    def give_nothing(self) -> None:
        """Let every list be empty until the reset, and say so."""
        raise NotImplementedError

    def reset(self) -> None:
        """The vendor as it was at the start: no faults, and every record as it was."""
        raise NotImplementedError
