"""NetSuite's metadata catalogue: which fields a record type has in this account, and of which kind each is.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html

Features of the account decide about fields: without OneWorld there is no subsidiary.
"""

import msgspec

from concord.contract import Kind, Session
from concord.protocols.reading import ask

RECORDS = "/services/rest/record/v1"
_KINDS = {
    "boolean": Kind.BOOLEAN,
    "integer": Kind.INTEGER,
    "number": Kind.DECIMAL,
    "string": Kind.TEXT,
    "object": None,  # a reference, which queries give as its number, or a sublist
    "array": Kind.JSON,
}
_FORMATS = {"date-time": Kind.TIMESTAMP, "date": Kind.DATE}


class _Property(msgspec.Struct):
    type: str | list[str] = ""
    format: str = ""


class _Schema(msgspec.Struct):
    properties: dict[str, _Property]


_schema = msgspec.json.Decoder(_Schema)


def read_record_type(session: Session, name: str) -> dict[str, Kind | None]:
    """The kind of each field of a record type, by its name in lower case; raises the session's errors."""
    asking = session.with_headers({"Accept": "application/schema+json"})
    path = f"{RECORDS}/metadata-catalog/{name}"
    found = session.once(f"GET {path}", lambda: ask(asking, _schema, "GET", path))
    return {name.lower(): _kind_of(item) for name, item in found.properties.items()}


def _kind_of(item: _Property) -> Kind | None:
    type_name = item.type if isinstance(item.type, str) else next((t for t in item.type if t != "null"), "")
    return _FORMATS.get(item.format, _KINDS.get(type_name))
