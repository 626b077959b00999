"""One OData service over the store: lists, single entities, deep creation, guarded change, in V2 or V4."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from sandbox.server.clock import to_datetime
from sandbox.server.queries import Order, Where
from sandbox.server.records import Record, decode
from sandbox.server.store import Store
from sandbox.vendors.odata.errors import ODataError, bad, not_found
from sandbox.vendors.odata.filters import column, order_of, where_of
from sandbox.vendors.odata.metadata import metadata
from sandbox.vendors.odata.model import ID, STAMP, EntityType, Navigation

_PATH = re.compile(r"(?P<set>\w+)(?:\((?P<key>.*)\))?(?:/(?P<rest>[\w$]+))?")
_PAIR = re.compile(r"(?:(\w+)=)?('(?:[^']|'')*'|[^',]+)(?:,|$)")
_BY_KEY = Order()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request within a service; `base` is the service's address as the caller knows it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str

    def option(self, name: str) -> str:
        """A query parameter, empty where it is missing."""
        return dict(parse_qsl(self.query)).get(name, "")

    def payload(self) -> dict[str, Any]:
        """The decoded body."""
        try:
            found = decode(self.body)
        except ValueError as wrong:
            raise bad("Error while parsing an XML stream or JSON document") from wrong
        if not isinstance(found, dict):
            raise bad("The request body is no entity")
        return found


@dataclass(slots=True)
class ServiceResponse:
    """The response of a service: a body of JSON, or plain text."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: bytes | None = None


class Service:
    """One service. `link_base` is the address in its links to further pages, in place of its own."""

    def __init__(self, name: str, version: int, store: Store, entities: tuple[EntityType, ...]) -> None:
        self.name, self.version, self.store = name, version, store
        self.sets = {entity.set_name: entity for entity in entities}
        self.page_size, self.nested_size, self.link_base = 1000, 10**9, ""

    def check(self, entity: EntityType, record: Record, *, is_new: bool) -> None:
        """Check a record before it is written, and fill in what it lacks; raises `ODataError` to refuse it."""

    def answer(self, asked: Asked) -> ServiceResponse:
        """Carry one request out; raises `ODataError`."""
        if asked.path == "":
            return self._document()
        if asked.path == "$metadata":
            content = metadata(self.name, self.version, tuple(self.sets.values()))
            return ServiceResponse(headers={"content-type": "application/xml"}, text=content)
        match = _PATH.fullmatch(unquote(asked.path))
        entity = self.sets.get(match["set"]) if match else None
        if match is None or entity is None:
            raise not_found(asked.path.partition("(")[0])
        if match["key"] is None:
            return self._collection(asked, entity, match["rest"] or "")
        record = self._found(entity, match["key"])
        if match["rest"]:
            return self._navigated(asked, entity, record, match["rest"])
        return self._single(asked, entity, record)

    def _document(self) -> ServiceResponse:
        names = list(self.sets)
        body = {"d": {"EntitySets": names}} if self.version == 2 else {"value": [{"name": name} for name in names]}
        return ServiceResponse(body=body)

    def _collection(self, asked: Asked, entity: EntityType, rest: str) -> ServiceResponse:
        if asked.method == "POST" and not rest:
            return self._create(asked, entity)
        if asked.method != "GET":
            raise ODataError(405, "/IWFND/CM_MGW/405", "Method not allowed")
        where = where_of(entity, asked.option("$filter"))
        if rest == "$count":
            count = self.store.count(entity.set_name, where)
            return ServiceResponse(text=str(count).encode(), headers={"content-type": "text/plain"})
        return self._list(asked, entity, where)

    def _list(self, asked: Asked, entity: EntityType, where: Where) -> ServiceResponse:
        done = int(asked.option("$skiptoken") or 0)
        most = int(asked.option("$top") or 10**9) - done
        size = min(most, self.page_size, _preferred(asked))
        offset = int(asked.option("$skip") or 0) + done
        order = order_of(entity, asked.option("$orderby"))
        rows = self.store.ordered(entity.set_name, where, order, limit=size + 1, offset=offset)
        records = [self.show(asked, entity, decode(row[2])) for row in rows[:size]]
        more = f"{done + size}" if len(rows) > size and most > size else ""
        count = self.store.count(entity.set_name, where) if _wants_count(asked) else None
        return ServiceResponse(body=self._page(asked, entity, records, more=more, count=count))

    def _page(
        self, asked: Asked, entity: EntityType, records: list[Record], *, more: str = "", count: int | None = None
    ) -> dict[str, Any]:
        query = [pair for pair in parse_qsl(asked.query) if pair[0] != "$skiptoken"]
        link = f"{entity.set_name}?{urlencode([*query, ('$skiptoken', more)])}" if more else ""
        base = self.link_base or ("" if self.version == 4 else asked.base)
        link = f"{base}/{link}" if link and base else link
        if self.version == 4:
            page: dict[str, Any] = {"@odata.context": f"$metadata#{entity.set_name}", "value": records}
            page |= {"@odata.count": count} if count is not None else {}
            return page | ({"@odata.nextLink": link} if link else {})
        inner: dict[str, Any] = {"__count": str(count)} if count is not None else {}
        inner |= {"results": records}
        return {"d": inner | ({"__next": link} if link else {})}

    def _found(self, entity: EntityType, key: str) -> Record:
        found = {name or entity.keys[0]: _unquoted(text) for name, text in _PAIR.findall(key)}
        if set(found) != set(entity.keys):
            raise bad(f"The key of {entity.set_name} is {', '.join(entity.keys)}")
        record = self.store.get(entity.set_name, entity.id_of(entity.complete({**found})))
        if record is None:
            raise not_found(entity.set_name)
        return record

    def _navigated(self, asked: Asked, entity: EntityType, record: Record, name: str) -> ServiceResponse:
        navigation = entity.navigations.get(name)
        if navigation is None or asked.method != "GET":
            raise not_found(name)
        parts, done = self._reached(navigation, record), int(asked.option("$skiptoken") or 0)
        end = done + self.nested_size
        shown = [self.show(asked, navigation.target, part) for part in parts[done:end]]
        page = self._page(asked, navigation.target, shown)
        if len(parts) > end:
            link = self._rest_of(asked, record, navigation, end)
            page |= {"@odata.nextLink": link} if self.version == 4 else {"d": {**page["d"], "__next": link}}
        return ServiceResponse(body=page)

    def _rest_of(self, asked: Asked, record: Record, navigation: Navigation, done: int) -> str:
        """The address of a record's entities behind so many."""
        entity = next(item for item in self.sets.values() if item.navigations.get(navigation.name) is navigation)
        base = self.link_base or asked.base
        return f"{base}/{entity.segment(record)}/{navigation.name}?$skiptoken={done}"

    def _reached(self, navigation: Navigation, record: Record) -> list[Record]:
        if not navigation.via:
            return list(record.get(navigation.name, []))
        where = Where(f"{column(navigation.via)} = ?", (record[navigation.via],))
        rows = self.store.page(navigation.target.set_name, where, _BY_KEY, limit=1000)
        return [decode(row[2]) for row in rows]

    def show(self, asked: Asked, entity: EntityType, record: Record) -> Record:
        """A record as a body holds it."""
        chosen = asked.option("$select")
        names = [name for name in chosen.split(",") if name in entity.properties] or list(entity.properties)
        shown = self._marks(asked, entity, record)
        shown |= {name: entity.properties[name].show(self.version, record.get(name)) for name in names}
        expanded = asked.option("$expand").split(",")
        if unknown := set(filter(None, expanded)) - set(entity.navigations):
            raise bad(f"Navigation property {', '.join(sorted(unknown))} not found", code="/IWBEP/CM_MGW_RT/021")
        for name, navigation in entity.navigations.items():
            if name in expanded:
                parts = [self._shown_inside(asked, navigation, part) for part in self._reached(navigation, record)]
                if navigation.is_one:
                    shown[name] = next(iter(parts), None)
                    continue
                first = parts[: self.nested_size]
                shown[name] = first if self.version == 4 else {"results": first}
                if len(parts) > len(first):
                    link = self._rest_of(asked, record, navigation, len(first))
                    shown |= {f"{name}@odata.nextLink": link} if self.version == 4 else {}
                    shown[name] = first if self.version == 4 else {"results": first, "__next": link}
            elif self.version == 2 and not chosen:
                shown[name] = {"__deferred": {"uri": f"{asked.base}/{entity.segment(record)}/{name}"}}
        return shown

    def _shown_inside(self, asked: Asked, navigation: Navigation, part: Record) -> Record:
        plain = Asked("GET", "", "", asked.headers, b"", asked.base)
        return self.show(plain, navigation.target, part)

    def _marks(self, asked: Asked, entity: EntityType, record: Record) -> dict[str, Any]:
        etag = entity.etag(record) if entity.is_guarded else ""
        if self.version == 4:
            return {"@odata.etag": etag} if etag else {}
        uri = f"{asked.base}/{entity.segment(record)}"
        marks = {"id": uri, "uri": uri, "type": f"{self.name}.{entity.type_name}"}
        return {"__metadata": marks | ({"etag": etag} if etag else {})}

    def _single(self, asked: Asked, entity: EntityType, record: Record) -> ServiceResponse:
        if asked.method == "GET":
            return self._one(asked, entity, record)
        if asked.method not in entity.methods:
            raise ODataError(405, "/IWFND/CM_MGW/405", f"Method not supported for {entity.set_name}")
        _guard(asked, entity, record)
        if asked.method == "DELETE":
            self.store.remove(entity.set_name, record[ID], operation=f"delete:{entity.set_name}")
            return ServiceResponse(204)
        return self._update(asked, entity, record)

    def _one(self, asked: Asked, entity: EntityType, record: Record, status: int = 200) -> ServiceResponse:
        shown = self.show(asked, entity, record)
        headers = {"etag": entity.etag(record)} if entity.is_guarded else {}
        return ServiceResponse(status, {"d": shown} if self.version == 2 else shown, headers)

    def _update(self, asked: Asked, entity: EntityType, record: Record) -> ServiceResponse:
        values = taken(entity, asked.payload())
        if changed_key := set(values) & set(entity.keys):
            raise bad(f"Key property {', '.join(changed_key)} cannot be changed")
        changed = {**record, **values}
        if asked.method == "PUT":  # what a replacement does not name is empty afterwards
            left = [item for item in entity.properties.values() if item.is_writable and item.name not in values]
            changed |= {item.name: item.empty for item in left if item.name not in entity.keys}
        self.check(entity, changed, is_new=False)
        self.save(entity, changed, operation=f"update:{entity.set_name}")
        return ServiceResponse(204, headers={"etag": entity.etag(changed)} if entity.is_guarded else {})

    def _create(self, asked: Asked, entity: EntityType) -> ServiceResponse:
        if "POST" not in entity.methods:
            raise ODataError(405, "/IWFND/CM_MGW/405", f"Creation is not supported for {entity.set_name}")
        record: Record = taken(entity, asked.payload())
        linked = [(item, record.pop(name, [])) for name, item in entity.navigations.items() if item.via]
        self.check(entity, record, is_new=True)
        record = entity.complete(record)
        for navigation, parts in linked:
            self._create_linked(navigation, record, parts)
        self.save(entity, record, operation=f"create:{entity.set_name}")
        given = self._one(asked, entity, record, 201)
        given.headers["location"] = f"{asked.base}/{entity.segment(record)}"
        return given

    def _create_linked(self, navigation: Navigation, record: Record, parts: list[Record]) -> None:
        target = navigation.target
        for part in [{**part, navigation.via: record[navigation.via]} for part in parts]:
            self.check(target, part, is_new=True)
            self.save(target, target.complete(part), operation=f"create:{target.set_name}")

    def save(self, entity: EntityType, record: Record, *, operation: str) -> None:
        """Write a record with a stamp that no other write has."""
        now = to_datetime(self.store.clock.tick())
        entity.touch(record, now)
        record[STAMP] = now.isoformat()
        self.store.put(entity.set_name, record, operation=operation)


def _preferred(asked: Asked) -> int:
    found = re.search(r"odata\.maxpagesize=(\d+)", asked.headers.get("prefer", ""))
    return int(found[1]) if found else 10**9


def _wants_count(asked: Asked) -> bool:
    return asked.option("$inlinecount") == "allpages" or asked.option("$count") == "true"


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _guard(asked: Asked, entity: EntityType, record: Record) -> None:
    """Refuse a write without an ETag by 428, and one with an outdated ETag by 412."""
    if not entity.is_guarded:
        return
    given = asked.headers.get("if-match", "")
    if not given:
        raise ODataError(428, "/IWFND/CM_MGW/142", "Precondition required: header If-Match is missing")
    if given not in ("*", entity.etag(record)):
        raise ODataError(412, "/IWBEP/CM_MGW_RT/190", "Precondition failed: the entity was changed")


def taken(entity: EntityType, payload: Mapping[str, Any]) -> Record:
    """The properties of a body in their stored form, with the entities inside it."""
    record: Record = {}
    for name, value in payload.items():
        if name.startswith(("__", "@")):
            continue
        navigation, known = entity.navigations.get(name), entity.properties.get(name)
        if navigation is not None:
            parts = value.get("results", []) if isinstance(value, dict) else value
            parts = [value] if navigation.is_one else parts
            record[name] = [taken(navigation.target, part) for part in parts]
        elif known is None:
            raise bad(f"Property {name} is invalid for type {entity.type_name}", target=name)
        elif not known.is_writable:
            raise bad(f"Property {name} is read-only", target=name)
        else:
            record[name] = known.take(value)
    return record
