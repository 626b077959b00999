"""Carries out the rows of an ingest job, each by itself; a refused row does not stop the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.server.records import Record
from sandbox.server.store import Store
from sandbox.vendors.salesforce import bulk_csv
from sandbox.vendors.salesforce.bulk_jobs import Job
from sandbox.vendors.salesforce.conditions import object_named
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.objects import SObject
from sandbox.vendors.salesforce.writes import create, delete, update, upsert


@dataclass(frozen=True, slots=True)
class RowWriter:
    """One job with the store that it writes to."""

    store: Store
    job: Job

    def run(self) -> None:
        """Carry the job out; one with a malformed file fails."""
        job = self.job
        sobject = object_named(job.told["object"])
        names, rows = bulk_csv.read(job.content or b"", job.delimiter)
        job.columns = names
        wrong = _unknown_column(sobject, names)
        most = _last_row(job, len(rows))
        if wrong:
            job.message, most = f"InvalidBatch : Field name not found : {wrong}", 0
        with self.store.transaction():
            for place, row in enumerate(rows[:most]):
                self._write(sobject, row, place)
        job.unprocessed = rows[most:]
        job.total = len(rows)
        job.state = (
            "Failed" if wrong or job.kind == "failed" else "Aborted" if job.kind == "aborted" else "JobComplete"
        )
        if job.state == "Failed" and not job.message:
            job.message = "InternalServerError : The job was processed for too long and was given up"

    def _write(self, sobject: SObject, row: Sequence[str], place: int) -> None:
        try:
            with self.store.savepoint():
                self._fail_as_planted(place)
                record_id, is_new = self._carry_out(sobject, bulk_csv.values_of(sobject, self.job.columns, row))
        except SalesforceError as refused:
            fields = ",".join(refused.fields)
            own_id = row[self.job.columns.index("Id")] if "Id" in self.job.columns else ""
            self.job.failed.append([own_id, f"{refused.code}:{refused.message}:{fields} --", *row])
        else:
            self.job.succeeded.append([record_id, "true" if is_new else "false", *row])

    def _fail_as_planted(self, place: int) -> None:
        fault = self.job.row_faults
        if fault is not None and place in fault.get("rows", [place]):
            message = fault.get("message", "unable to obtain exclusive access to this record")
            raise SalesforceError(str(fault.get("code", "UNABLE_TO_LOCK_ROW")), message)

    def _carry_out(self, sobject: SObject, values: Record) -> tuple[str, bool]:
        told, operation = self.job.told, f"bulk_{self.job.told['operation']}:{sobject.name}"
        if told["operation"] == "insert":
            return create(self.store, sobject, values, operation=operation)["Id"], True
        if told["operation"] == "upsert" and told["externalIdFieldName"] != "Id":
            name = told["externalIdFieldName"]
            if values.get(name) is None:
                raise SalesforceError("MISSING_ARGUMENT", f"{name} not specified", fields=(name,))
            rest = {key: value for key, value in values.items() if key != name}
            made, is_new = upsert(self.store, sobject, (name, str(values[name])), rest, operation=operation)
            return made["Id"], is_new
        record_id = str(values.pop("Id", None) or "")
        if not record_id:
            raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call", fields=("Id",))
        if told["operation"] == "delete":
            delete(self.store, sobject, record_id, operation=operation)
            return record_id, False
        return update(self.store, sobject, record_id, values, operation=operation)["Id"], False


def _unknown_column(sobject: SObject, names: Sequence[str]) -> str:
    return next((name for name in names if sobject.field(name) is None), "")


def _last_row(job: Job, count: int) -> int:
    """How many rows are carried out before a planted failure."""
    return int((job.fault or {}).get("after", count // 2)) if job.kind in ("failed", "aborted") else count
