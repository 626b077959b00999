"""The IBM i of the wholesale department: it owns the orders of its sales force, which no other system takes.

Layouts: agreed with the host's team as version 01 of ORDERS, CUSTMAST, ORDACK and ORDREQ. `out` holds what the
host sends, `in` what it fetches from us, `taken` what it has fetched.

Know before you touch:
- A file is raw EBCDIC without separators. Its name says when it was made, which is the change stamp of all in it.
- ORDERS holds what changed since the run before; CUSTMAST always holds every customer: one that it lacks was
  deleted.
- Runs are numbered without gaps. The same run sent twice counts once; a run that is missing stops the reading.
- A file without its trailer, or whose trailer counts otherwise, is refused whole. A single damaged record is set
  aside alone, with its bytes.
- ORDACK tells the host what became of its orders, ORDREQ gives it orders of ours; of several records with one
  key the newest counts.
- The connection's host is sftp://host:port/path or file:///path; its extra fields say `host_key` (SHA256:...),
  `private_key`, `time_zone` of the host, and where it differs `orders_code_page` and the like.
"""

from datetime import timedelta

from concord.contract import (
    ORDER_NAME,
    WHOLESALE_CUSTOMER,
    WHOLESALE_ORDER,
    AccountChecks,
    ChangedBetween,
    Field,
    Kind,
    RateLimit,
    Resource,
    Snapshot,
    System,
    Writes,
)
from concord.protocols.files.account import WritableFolders
from concord.protocols.files.reading import FlatFiles
from concord.protocols.files.storage import FileLogin
from concord.protocols.files.writing import FlatFileWriter
from concord.systems.ibm_i.layouts import CUSTMAST, ORDACK, ORDERS, ORDREQ, number_lines

SENT, OURS = ("out",), ("in", "taken")
LATE = timedelta(days=1)

DEFECTS = Field("defects", "defects", Kind.JSON)
IS_DELETED = Field("DELFLG", "is_deleted", Kind.BOOLEAN)
RUN_NUMBER = Field("run.number", "run_number", Kind.INTEGER, required=True)
RUN_AT = Field("run.made_at", "run_at", Kind.TIMESTAMP, required=True)

customers = Resource(
    name="customers",
    entity="wholesale_customer",
    links={"customer_number": WHOLESALE_CUSTOMER},
    read=FlatFiles(CUSTMAST, SENT, is_full=True),
    key="customer_number",
    fields=(
        Field("CUSNO", "customer_number", required=True),
        Field("CUSNAM", "company_name", is_personal=True),
        Field("STREET", "street", is_personal=True),
        Field("CITY", "city", is_personal=True),
        Field("POSTCD", "postal_code", is_personal=True),
        Field("CTRY", "country_code"),
        Field("PHONE", "phone", is_personal=True),
        Field("CRLIM", "credit_limit", Kind.DECIMAL),
        Field("BALDUE", "balance_due", Kind.DECIMAL),
        Field("CHANGED", "changed_at", Kind.TIMESTAMP),
        IS_DELETED,
        DEFECTS,
    ),
    changes=Snapshot(),
    deleted="is_deleted",
)

orders = Resource(
    name="orders",
    entity="wholesale_order",
    links={"order_number": WHOLESALE_ORDER, "customer_number": WHOLESALE_CUSTOMER},
    read=FlatFiles(ORDERS, SENT),
    key="order_number",
    fields=(
        Field("ORDNO", "order_number", required=True),
        Field("CUSNO", "customer_number", required=True),
        Field("CUSREF", "customer_reference"),
        Field("ORDERED", "ordered_at", Kind.TIMESTAMP),
        Field("ORDDAT", "ordered_on", Kind.DATE),
        Field("REQDAT", "requested_on", Kind.DATE),
        Field("STATUS", "order_status"),
        Field("CURCOD", "currency_code"),
        Field("ORDTOT", "total_amount", Kind.DECIMAL),
        Field("LINCNT", "line_count", Kind.INTEGER),
        Field("SALREP", "sales_representative", is_personal=True),
        Field("lines", "lines", Kind.JSON, json_type="array"),
        IS_DELETED,
        DEFECTS,
        RUN_NUMBER,
        RUN_AT,
    ),
    changes=ChangedBetween("run_at", overlap=LATE),
    deleted="is_deleted",
)

request_files = FlatFiles(ORDREQ, OURS)
order_requests = Resource(
    name="order_requests",
    entity="order_request",
    links={"reference": ORDER_NAME, "customer_number": WHOLESALE_CUSTOMER},
    read=request_files,
    key="reference",
    fields=(
        Field("REFNO", "reference", required=True),
        Field("CUSNO", "customer_number", required=True),
        Field("ORDDAT", "ordered_on", Kind.DATE),
        Field("CURCOD", "currency_code"),
        Field("ORDTOT", "total_amount", Kind.DECIMAL),
        Field("LINCNT", "line_count", Kind.INTEGER),
        Field("lines", "lines", Kind.JSON, json_type="array", numbers=("QTY", "UNTPRC")),
        DEFECTS,
        RUN_NUMBER,
        RUN_AT,
    ),
    changes=ChangedBetween("run_at", overlap=LATE),
    writes=Writes(
        FlatFileWriter(request_files, "in", number_lines),
        create=frozenset({"reference", "customer_number", "ordered_on", "currency_code", "lines"}),
        natural_key=("reference",),
    ),
)

acknowledgement_files = FlatFiles(ORDACK, OURS)
acknowledgements = Resource(
    name="acknowledgements",
    entity="wholesale_order_part",
    links={"order_number": WHOLESALE_ORDER},
    read=acknowledgement_files,
    key="order_number",
    fields=(
        Field("ORDNO", "order_number", required=True),
        Field("ACKSTS", "acknowledgement_status", required=True),
        Field("CRMNO", "crm_order_number"),
        Field("REASON", "reason"),
        DEFECTS,
        RUN_NUMBER,
        RUN_AT,
    ),
    changes=ChangedBetween("run_at", overlap=LATE),
    writes=Writes(
        FlatFileWriter(acknowledgement_files, "in"),
        update=frozenset({"acknowledgement_status", "crm_order_number", "reason"}),
        create=frozenset({"order_number", "acknowledgement_status", "crm_order_number", "reason"}),
        guard="run_number",
        natural_key=("order_number",),
    ),
)

SYSTEM = System(
    name="ibm_i",
    title="IBM i wholesale files",
    connection="ibm_i_default",
    auth=FileLogin(),
    rate_limit=RateLimit(per_second=100, burst=100, concurrency=1),
    account=AccountChecks(checks=(("folders", WritableFolders()),)),
    roles={"wholesale_host": 1},
    resources=(customers, orders, order_requests, acknowledgements),
    owns="the orders of the wholesale department",
)
