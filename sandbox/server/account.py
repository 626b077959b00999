"""What an account has: fields that its edition or settings leave out, and fields that changed their type."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.server.vendor import Vendor


class AccountFields:
    """Takes fields out of a vendor's tables of fields, and puts all back."""

    def __init__(self, vendor: "Vendor") -> None:
        self._vendor = vendor
        self._before: dict[str, dict[str, Any]] = {}

    def lack(self, collection: str, name: str) -> None:
        """The account has no such field."""
        del self._table(collection)[self._known(collection, name)]
        self._vendor.fields_changed()

    def retype(self, collection: str, name: str, kind: str) -> None:
        """The field holds another type; `kind` is the vendor's name for it."""
        table, known = self._table(collection), self._known(collection, name)
        table[known] = self._vendor.retyped(table[known], kind)
        self._vendor.fields_changed()

    def alter(self, collection: str, name: str, changes: Mapping[str, Any]) -> None:
        """The field's definition says something else; `changes` are attributes of it."""
        table, known = self._table(collection), self._known(collection, name)
        table[known] = replace(table[known], **changes)
        self._vendor.fields_changed()

    def restore(self) -> None:
        """The account has all fields again, as they were."""
        if not self._before:
            return
        for collection, fields in self._before.items():
            table = self._vendor.field_table(collection)
            table.clear()
            table.update(fields)
        self._before.clear()
        self._vendor.fields_changed()

    def _table(self, collection: str) -> dict[str, Any]:
        table = self._vendor.field_table(collection)
        self._before.setdefault(collection, dict(table))
        return table

    def _known(self, collection: str, name: str) -> str:
        """The name as the table has it; `KeyError` where there is no such field."""
        for known in self._vendor.field_table(collection):
            if known.lower() == name.lower():
                return known
        raise KeyError(f"{self._vendor.name} {collection} has no field {name!r}")
