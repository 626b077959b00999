"""A change as a row of an ingest job: what the job does with it, and its cells under the vendor's names."""

from dataclasses import dataclass

from concord.contract import Change, Resource
from concord.errors import ContractViolationError
from concord.protocols.values import vendor_values
from concord.systems.salesforce.bulk_csv import cell_of
from concord.systems.salesforce.bulk_ingest import JobKind


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One change as a row of the upload to a job of that kind."""

    change: Change
    kind: JobKind
    cells: dict[str, str]

    @property
    def key(self) -> str:
        """The cell that names the row."""
        return self.cells[self.kind.key]


@dataclass(frozen=True, slots=True)
class RowBuilder:
    """Makes rows of the changes of one resource."""

    resource: Resource
    sobject: str

    def row_of(self, change: Change) -> UploadRow | None:
        """The change as a row; None for one that cells cannot hold, and for a create without natural key."""
        kind = self._kind_of(change)
        if kind is None:
            return None
        own = {} if change.key is None else {kind.key: change.key}
        try:
            values = own | vendor_values(self.resource, change.after)
        except ContractViolationError:
            return None
        cells = {name: cell for name, value in values.items() if (cell := cell_of(value)) is not None}
        return UploadRow(change, kind, cells) if len(cells) == len(values) else None

    def _kind_of(self, change: Change) -> JobKind | None:
        if change.key is not None:
            return JobKind(self.sobject, "update", self.resource.field(self.resource.key).path)
        name = next(iter(self.resource.natural_key), "")
        return JobKind(self.sobject, "upsert", self.resource.field(name).path) if change.after.get(name) else None
