"""A change as a row of an ingest job: what is to be done with it, and its cells under the vendor's names."""

from dataclasses import dataclass

from concord.contract import Change, Resource
from concord.http.salesforce_bulk_csv import cell_of
from concord.http.salesforce_bulk_ingest import Order
from concord.http.sobjects import vendor_values


@dataclass(frozen=True, slots=True)
class Told:
    """A change as a job is told of it."""

    change: Change
    order: Order
    row: dict[str, str]

    @property
    def key(self) -> str:
        """The cell that names the row."""
        return self.row[self.order.key]


@dataclass(frozen=True, slots=True)
class Shape:
    """How changes of one resource become rows."""

    resource: Resource
    sobject: str
    external_id: str

    def tell(self, change: Change) -> Told | None:
        """The change as a row; None for one that a row cannot say."""
        if change.key is not None:
            order = Order(self.sobject, "update", self.resource.field(self.resource.key).path)
        elif self.external_id and change.after.get(self.external_id):
            order = Order(self.sobject, "upsert", self.resource.field(self.external_id).path)
        else:
            return None
        own = {} if change.key is None else {order.key: change.key}
        row: dict[str, str] = {}
        for name, value in (own | vendor_values(self.resource, change.after)).items():
            cell = cell_of(value)
            if cell is None:
                return None
            row[name] = cell
        return Told(change, order, row)
