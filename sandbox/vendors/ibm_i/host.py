"""The IBM i host: folders in which it leaves files, and in which it finds the files of Concord.

It needs no server: a test or a demo gives it a folder, which an SFTP server can serve. Every file is
written under another name first, as the host does, and renamed when it is complete.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.ibm_i import records as dds
from sandbox.world.wholesale import BETWEEN_RUNS

Record = dict[str, Any]
FOLDERS = ("out", "in", "taken")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: its folder, the format of its records, and the sums in its trailer."""

    file: str
    folder: str
    length: int
    page: str
    letter: str
    fields: Sequence[dds.DdsField]
    lines: Sequence[dds.DdsField] = ()
    hashed: str = ""
    summed: str = ""


KINDS = {
    "orders": Kind("ORDERS", "out", 100, "cp037", "O", dds.ORDER, dds.LINE, "ORDNO", "ORDTOT"),
    "customers": Kind("CUSTMAST", "out", 200, "cp273", "D", dds.CUSTOMER, (), "CUSNO"),
    "acknowledgements": Kind("ORDACK", "taken", 80, "cp037", "A", dds.ACKNOWLEDGEMENT, (), "ORDNO"),
    "order_requests": Kind("ORDREQ", "taken", 80, "cp037", "O", dds.REQUEST, dds.REQUEST_LINE, "", "ORDTOT"),
}


@dataclass(frozen=True, slots=True)
class Host:
    """The host's folders; its clock is in the time zone `zone`."""

    folder: Path
    zone: ZoneInfo

    def fill(self, records_by_resource: Mapping[str, Iterable[Record]]) -> dict[str, int]:
        """Write the world's records in the runs that they name; a number without records is an empty run."""
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        counts = {}
        for resource, records in records_by_resource.items():
            runs: dict[int, list[Record]] = defaultdict(list)
            for record in records:
                runs[record["run_number"]].append(record)
            for number in range(min(runs), max(runs) + 1):
                later = next(runs[at][0] for at in range(number, max(runs) + 1) if runs.get(at))
                made_at = read_time(later["run_at"]) - BETWEEN_RUNS * (later["run_number"] - number)
                self.write_run(resource, number, made_at, runs.get(number, []))
            counts[resource] = sum(map(len, runs.values()))
        return counts

    def write_run(self, resource: str, number: int, made_at: datetime, records: Sequence[Record]) -> Path:
        """Write one complete file; it gets its name at the end."""
        kind = KINDS[resource]
        path = self.folder / kind.folder / self.name_of(kind, number, made_at)
        unfinished = path.with_name(f"{path.name}.part")
        unfinished.write_bytes(self.encode(kind, number, made_at, records))
        os.utime(unfinished, (made_at.timestamp(), made_at.timestamp()))
        unfinished.rename(path)
        return path

    def name_of(self, kind: Kind, number: int, made_at: datetime) -> str:
        """The name of a file: FILE_day_time_run.dat."""
        return f"{kind.file}_{made_at.astimezone(self.zone):%Y%m%d_%H%M%S}_{number:06d}.dat"

    def encode(self, kind: Kind, number: int, made_at: datetime, records: Sequence[Record]) -> bytes:
        """The bytes of a file: header, records, trailer."""
        local = made_at.astimezone(self.zone)
        made = {"RUNDAT": dds.century_date(local), "RUNTIM": dds.clock(local)}
        told = [self._fields_of(record) for record in records]
        body: list[tuple[str, Sequence[dds.DdsField], Record]] = []
        for fields, lines in told:
            body.append((kind.letter, kind.fields, fields))
            body += [("L", kind.lines, line) for line in lines] if kind.lines else []
        end = {
            "RECCNT": len(body),
            "HSHTOT": sum(int(fields[kind.hashed]) for fields, _ in told) if kind.hashed else 0,
            "AMTTOT": sum(Decimal(fields[kind.summed]) for fields, _ in told) if kind.summed else 0,
        }
        every = [
            ("H", dds.RUN, {"FILNAM": kind.file, "RUNNO": number, "LAYVER": "01", **made}),
            *body,
            ("T", dds.END, end),
        ]
        return b"".join(dds.write_record(*one, page=kind.page, length=kind.length) for one in every)

    def _fields_of(self, record: Record) -> tuple[Record, list[Record]]:
        """The fields of a record and its lines, under the host's names."""
        named = {WORDS[name]: value for name, value in record.items() if name in WORDS}
        for name, (day, time) in MOMENTS.items():
            if record.get(name):
                local = read_time(record[name]).astimezone(self.zone)
                named |= {day: dds.century_date(local), time: dds.clock(local)}
        if record.get("ordered_on"):
            named["ORDDAT"] = dds.century_date(datetime.fromisoformat(record["ordered_on"]))
        named["REQDAT"] = str(record.get("requested_on") or "0").replace("-", "")
        named["DELFLG"] = "D" if record.get("is_deleted") else ""
        number = {name: named[name] for name in ("ORDNO", "REFNO") if name in named}
        lines = [
            {**number, "LINNO": place, **{WORDS[name]: value for name, value in line.items()}}
            for place, line in enumerate(record.get("lines", []), 1)
        ]
        return {**named, "LINCNT": len(lines)}, lines

    def read_records(self, resource: str) -> Iterator[Record]:
        """Every record with its lines in the files that Concord sent, in the order of their runs."""
        kind = KINDS[resource]
        paths = [path for folder in ("in", "taken") for path in self.runs(kind, folder)]
        for path in sorted(paths, key=lambda path: path.name):
            content, record = path.read_bytes(), None
            for at in range(kind.length, len(content) - kind.length, kind.length):
                raw = content[at : at + kind.length]
                if raw[:1] != kind.letter.encode(kind.page):
                    assert record is not None, f"{path.name} begins with a line"
                    record["lines"].append(dds.read_record(kind.lines, raw, kind.page))
                    continue
                if record is not None:
                    yield record
                record = dds.read_record(kind.fields, raw, kind.page) | {"lines": []}
            if record is not None:
                yield record

    def read_keys(self, resource: str) -> list[str]:
        """The key of each record in the files that Concord sent."""
        name = KINDS[resource].fields[0][0]
        return [str(record[name]) for record in self.read_records(resource)]

    def runs(self, kind: Kind, folder: str) -> list[Path]:
        """The finished files of a kind."""
        return sorted((self.folder / folder).glob(f"{kind.file}_*.dat"))

    def take(self) -> int:
        """Move the files that Concord sent to `taken`, as the host's nightly job does; returns how many."""
        files = sorted((self.folder / "in").glob("*.dat"))
        for path in files:
            path.rename(self.folder / "taken" / path.name)
        return len(files)


WORDS = {
    "order_number": "ORDNO", "customer_number": "CUSNO", "customer_reference": "CUSREF", "status": "STATUS",
    "currency_code": "CURCOD", "total_amount": "ORDTOT", "sales_representative": "SALREP",
    "company_name": "CUSNAM", "street": "STREET", "city": "CITY", "postal_code": "POSTCD",
    "country_code": "CTRY", "phone": "PHONE", "credit_limit": "CRLIM", "balance_due": "BALDUE",
    "acknowledgement_status": "ACKSTS", "crm_order_number": "CRMNO", "reason": "REASON",
    "reference": "REFNO", "sku": "ITEMNO", "quantity": "QTY", "unit_price": "UNTPRC", "amount": "LINAMT",
}  # fmt: skip
MOMENTS = {"ordered_at": ("ORDDAT", "ORDTIM"), "changed_at": ("LSTCHG", "LSTTIM")}


def read_time(text: str) -> datetime:
    """A time of the world's records."""
    return datetime.fromisoformat(text).astimezone(UTC)
