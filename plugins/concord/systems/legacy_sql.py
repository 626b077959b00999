"""The old shop's database: it owns the loyalty accounts; its customers are read and corrected, and get messages.

It has no API: we speak SQL, in the dialect that the connection's host names, as `postgresql://host:5432/database`,
`mysql+pymysql://…`, `mssql+pyodbc://…?driver=…`. An error names a driver that is missing.

Know before you touch:
- It allows few connections: we use one at a time, statements are short, each commits by itself, and no lock is
  held between two pages. `statement_seconds` (60) and `lock_seconds` (5) of the connection's extra
  fields bound each statement.
- `batch_window` of the extra fields (`22:00-05:00`) is when we may connect; `time_zone` is the zone of its clock.
- A wrong password locks the account after a few tries, so it is tried once.
- Change stamps are local time in numbers (1261102 is 2 November 2026, 91431 is 9:14:31); the hour that comes
  twice in autumn and rows committed late are why windows overlap by two hours.
- Names are in capitals and in two lines, CHAR columns padded, telephone numbers a DECIMAL with country code
  and without plus sign; 0 and blanks stand for nothing.
- `delcd` D is a deletion; some programs delete rows outright, so keys are listed as well.
- `verno` is counted up by every program that writes, and by us; it guards our updates.
- Messages for the old programs go to the inbox table, which their job reads every night.
"""

from datetime import timedelta

from concord.contract import AccountChecks, ChangedBetween, Field, Kind, RateLimit, Resource, System, Writes
from concord.protocols.sql.account import DatabaseAccount
from concord.protocols.sql.link import DatabaseLogin
from concord.protocols.sql.stamps import Digits, Moment
from concord.protocols.sql.tables import SqlTable
from concord.protocols.sql.values import AS_BLANK, AS_CENTURY_DATE, AS_DIGITS, flag
from concord.protocols.sql.writes import GuardedUpdates, InboxInserts

CUSTOMERS = SqlTable("custmast", Digits("upddt", "updtm"), size=1000)
INBOX = SqlTable("inbox", Moment("chgts"), size=1000)
OVERLAP = timedelta(hours=2)

CHANGED_AT = Field("_concord.changed", "changed_at", Kind.TIMESTAMP, required=True)

customers = Resource(
    name="customers",
    entity="customer",
    links={},
    read=CUSTOMERS,
    key="source_id",
    fields=(
        Field("cusno", "source_id", required=True),
        Field("erpno", "erp_customer_code", form=AS_BLANK),
        Field("custyp", "customer_type"),
        Field("cunam1", "name_line_1", form=AS_BLANK, is_personal=True),
        Field("cunam2", "name_line_2", form=AS_BLANK, is_personal=True),
        Field("custr", "street", form=AS_BLANK, is_personal=True),
        Field("cuzip", "postal_code", form=AS_BLANK, is_personal=True),
        Field("cucity", "city", form=AS_BLANK, is_personal=True),
        Field("cuctry", "country_code", form=AS_BLANK),
        Field("cutel", "phone_digits", form=AS_DIGITS, is_personal=True),
        Field("cumail", "email", form=AS_BLANK, is_personal=True),
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
    links={"entity_key": "customers"},
    read=INBOX,
    key="source_id",
    fields=(
        Field("msg_id", "source_id", required=True),
        Field("entity", "message_entity", required=True),
        Field("entkey", "entity_key", required=True),
        Field("payload", "message_text", is_personal=True),
        Field("sts", "message_status"),
        Field("errcd", "error_code", form=AS_BLANK),
        Field("errtx", "error_text", form=AS_BLANK, is_personal=True),
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
    rate_limit=RateLimit(per_second=10, burst=10, concurrency=1),
    account=AccountChecks(
        login_help="Try the login by hand before the next check: a few wrong passwords lock the account.",
        checks=(("database", DatabaseAccount()),),
    ),
    roles={"loyalty": 1},
    resources=(customers, inbox),
    owns="loyalty points",
)
