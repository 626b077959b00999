"""The old shop's database: it owns the loyalty accounts; its customers are read, corrected, and told things.

No API: SQL, in whatever dialect the connection's host names, as `postgresql://host:5432/database`,
`mysql+pymysql://…`, `mssql+pyodbc://…?driver=…`. A driver that is missing is named when it is needed.

Know before you touch:
- It has few connections to give: one is used at a time, statements are short, each commits by itself, and no
  lock is held between two pages. `statement_seconds` (60) and `lock_seconds` (5) of the connection's extra
  fields bound each statement.
- `batch_window` of the extra fields (`22:00-05:00`) keeps us away by day; `time_zone` is the zone of its clock.
- A wrong password locks the account after a few tries, so it is tried once.
- Change stamps are local time in numbers (1261102 is 2 November 2026, 91431 is 9:14:31); the hour that comes
  twice in autumn and rows committed late are why windows overlap by two hours.
- Names are in capitals and in two lines, CHAR columns padded, telephone numbers a DECIMAL with country code
  and without plus sign; 0 and blanks stand for nothing.
- `delcd` D is a deletion; some programs delete rows outright, so keys are listed as well.
- `verno` is counted up by every program that writes, and by us; it guards our updates.
- What the old programs shall do themselves goes to the inbox table; their night job takes it from there.
"""

from datetime import timedelta

from concord.contract import ChangedBetween, Pace, Resource, System, Writes
from concord.fields import Field, Kind
from concord.sql.link import DatabaseLogin
from concord.sql.stamps import Digits, Moment
from concord.sql.tables import SqlTable
from concord.sql.values import AS_BLANK, AS_CENTURY_DATE, AS_DIGITS, flag
from concord.sql.writes import GuardedUpdates, InboxInserts

CUSTOMERS = SqlTable("custmast", Digits("upddt", "updtm"), size=1000)
INBOX = SqlTable("inbox", Moment("chgts"), size=1000)
OVERLAP = timedelta(hours=2)

CHANGED_AT = Field("_concord.changed", "changed_at", Kind.TIMESTAMP, required=True)

customers = Resource(
    name="customers",
    read=CUSTOMERS,
    key="source_id",
    fields=(
        Field("cusno", "source_id", required=True),
        Field("erpno", "erp_customer_code", form=AS_BLANK),
        Field("custyp", "customer_type"),
        Field("cunam1", "name_line_1", form=AS_BLANK),
        Field("cunam2", "name_line_2", form=AS_BLANK),
        Field("custr", "street", form=AS_BLANK),
        Field("cuzip", "postal_code", form=AS_BLANK),
        Field("cucity", "city", form=AS_BLANK),
        Field("cuctry", "country_code", form=AS_BLANK),
        Field("cutel", "phone_digits", form=AS_DIGITS),
        Field("cumail", "email", form=AS_BLANK),
        Field("loypts", "loyalty_points", Kind.INTEGER),
        Field("loylvl", "loyalty_level", form=AS_BLANK),
        Field("crtdt", "created_date", Kind.DATE, form=AS_CENTURY_DATE),
        Field("verno", "version", Kind.INTEGER, required=True),
        Field("delcd", "is_deleted", Kind.BOOLEAN, form=flag("D")),
        CHANGED_AT,
    ),
    changes=ChangedBetween("changed_at", overlap=OVERLAP, vanish_limit=0.1),
    deleted="is_deleted",
    writes=Writes(
        GuardedUpdates(CUSTOMERS, version="verno", marks={"updusr": "CONCORD"}),
        update=frozenset({"phone_digits", "email", "street", "postal_code", "city", "country_code"}),
        guard="version",
    ),
)

inbox = Resource(
    name="inbox",
    read=INBOX,
    key="source_id",
    fields=(
        Field("msg_id", "source_id", required=True),
        Field("entity", "message_entity", required=True),
        Field("entkey", "entity_key", required=True),
        Field("payload", "message_text"),
        Field("sts", "message_status"),
        Field("errcd", "error_code", form=AS_BLANK),
        Field("errtx", "error_text", form=AS_BLANK),
        CHANGED_AT,
    ),
    changes=ChangedBetween("changed_at", overlap=OVERLAP),
    writes=Writes(
        InboxInserts(INBOX, marks={"sts": "N", "crtusr": "CONCORD"}, created="crtts"),
        create=frozenset({"message_entity", "entity_key", "message_text"}),
    ),
)

SYSTEM = System(
    name="legacy_sql",
    title="Old shop (SQL database)",
    connection="legacy_sql_default",
    auth=DatabaseLogin(),
    pace=Pace(per_second=10, burst=10, concurrency=1),
    resources=(customers, inbox),
    owns="loyalty points",
)
