"""Reads the phone numbers that no earlier run has read, each spelling once, and keeps how they were read."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import LiteralString

from concord.stages.reconcile.phone_spelling import LONGEST, read_phone
from concord.store.engine import PLANNER, Connection, Database, lock_name

READ_BY = f"phonenumbers {version('phonenumbers')}, rules 1"
_AT_ONCE = 5000

_NEW: LiteralString = """
select records.phone_as_written, coalesce(records.country_code, '')
from intermediate.int_customers__records as records
left join ops.phone_numbers as known
    on known.spelling = records.phone_as_written and known.country_code = coalesce(records.country_code, '')
    and known.read_by = %(read_by)s
where length(records.phone_as_written) between 1 and %(longest)s and known.spelling is null
group by 1, 2
"""
_READ: LiteralString = """
create temp table phones_read (spelling text, country_code text, e164 text, extension text, reason text)
on commit drop
"""
_COPY: LiteralString = "copy phones_read (spelling, country_code, e164, extension, reason) from stdin"
_KEEP: LiteralString = """
insert into ops.phone_numbers (spelling, country_code, e164, extension, reason, read_by)
select spelling, country_code, e164, extension, reason, %(read_by)s from phones_read
on conflict (spelling, country_code) do update
set e164 = excluded.e164, extension = excluded.extension, reason = excluded.reason, read_by = excluded.read_by
"""


@dataclass(frozen=True, slots=True)
class PhoneCounts:
    """Spellings of phone numbers that were new, and how many of them could not be read."""

    read: int
    unreadable: int


def read_phone_numbers(database: Database) -> PhoneCounts:
    """Read each new spelling of `int_customers__records` with the country of its record, in one transaction.

    A spelling is new again when another version of the library, or of our rules, reads it.
    """
    with database.transaction(PLANNER) as connection, database.transaction(PLANNER) as other:
        lock_name(connection, "concord phone numbers")
        connection.execute(_READ)
        unreadable = read = 0
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for spelling, country_code in _new_spellings(other):
                number = read_phone(spelling, country_code or None)
                copy.write_row((spelling, country_code, number.e164, number.extension, number.reason))
                read, unreadable = read + 1, unreadable + (number.e164 is None)
        connection.execute(_KEEP, {"read_by": READ_BY})
    return PhoneCounts(read, unreadable)


def _new_spellings(connection: Connection) -> Iterator[tuple[str, str]]:
    with connection.cursor(name="new_spellings") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(_NEW, {"read_by": READ_BY, "longest": LONGEST})
        for spelling, country_code in cursor:
            yield str(spelling), str(country_code)
