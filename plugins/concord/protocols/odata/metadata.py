"""What a service says of itself in `$metadata`: the properties of each collection's entities, and their types.

https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html
"""

from collections.abc import Mapping
from xml.parsers import expat

from concord.contract import Kind, Session
from concord.errors import RequestError, ServerError
from concord.protocols.odata.service import ODataService

_KINDS = {
    **dict.fromkeys(("Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"), Kind.INTEGER),
    **dict.fromkeys(("Edm.Decimal", "Edm.Double", "Edm.Single"), Kind.DECIMAL),
    "Edm.Boolean": Kind.BOOLEAN,
    "Edm.Date": Kind.DATE,
    "Edm.DateTimeOffset": Kind.TIMESTAMP,
    "Edm.String": Kind.TEXT,
    "Edm.Guid": Kind.TEXT,
}
_NAVIGATION = "NavigationProperty"


class _Document:
    """The types and collections of a document, taken up element by element."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._take
        self._parser.EntityDeclHandler = _refuse_entity
        self._type = ""
        self.types: dict[str, dict[str, Kind | None]] = {}
        self.bases: dict[str, str] = {}
        self.sets: dict[str, str] = {}

    def read(self, content: bytes) -> None:
        """Take up the whole document; `expat.ExpatError` where it is none."""
        self._parser.Parse(content)
        self._parser.Parse(b"", True)  # noqa: FBT003  # its second argument has no name: the end of the document

    def _take(self, element: str, attributes: Mapping[str, str]) -> None:
        match element.rpartition(" ")[2], attributes.get("Name", ""):
            case "EntityType" | "ComplexType", name:
                self._type = name
                self.types[name] = {}
                self.bases[name] = _last(attributes.get("BaseType", ""))
            case ("Property" | "NavigationProperty") as kind, name if self._type:
                is_part = kind == _NAVIGATION
                self.types[self._type][name] = Kind.JSON if is_part else _KINDS.get(attributes.get("Type", ""))
            case "EntitySet", name:
                self.sets[name] = _last(attributes.get("EntityType", ""))


def _refuse_entity(*_: object) -> None:
    raise expat.ExpatError("a document that declares entities is not read")


def _last(qualified: str) -> str:
    return qualified.rpartition(".")[2]


def read_properties(session: Session, service: ODataService, name: str) -> dict[str, Kind | None]:
    """The properties of the entities of one collection; a `RequestError` where the service has no such collection.

    The kind is None where the type does not tell it, as a V2 `Edm.DateTime`, which is a day or a moment.
    """
    address = service.address(session, "$metadata")
    document = session.once(f"GET {address}", lambda: _read_document(session, service, address))
    if name not in document.sets:
        raise RequestError(
            f"The service has no collection {name}; activate it, or give the user the authorisation for it."
        )
    found: dict[str, Kind | None] = {}
    kind = document.sets[name]
    while kind in document.types and not document.types[kind].keys() <= found.keys():
        found = {**document.types[kind], **found}
        kind = document.bases[kind]
    return found


def _read_document(session: Session, service: ODataService, address: str) -> _Document:
    asked = session.with_headers({**service.headers, "Accept": "application/xml"})
    document = _Document()
    try:
        document.read(asked.send("GET", address, params=service.query(session) or None))
    except expat.ExpatError as error:
        raise ServerError(f"The description at {address} is not XML; run the task again.") from error
    return document
