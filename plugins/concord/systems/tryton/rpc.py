"""Tryton's JSON-RPC: one address, methods by name, errors inside a 200, values that name their class.

https://docs.tryton.org/latest/server/ref/protocols.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from concord.contract import Field, Kind, Page, Resource, Session, Window
from concord.errors import ConfigurationError, RequestError, ServerError
from concord.protocols.reading import ask, batched, keys_in, last_readable, only_key, prefetch
from concord.protocols.session.masking import masked_refusal
from concord.protocols.values import UNREADABLE, write_digits

_KEYS_PER_CALL = 500
_CONTEXT_ONLY: tuple[bool, dict[str, object]] = (True, {})


class _RpcResult(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: list[msgspec.Raw] | None = None


class _Keyed(msgspec.Struct):
    id: int


class _FieldInfo(msgspec.Struct):
    type: str = ""
    relation: str | None = None


_OWN = {name: _FieldInfo() for name in ("id", "_timestamp")}
_KINDS = {
    **dict.fromkeys(("char", "text", "selection", "many2one", "reference"), Kind.TEXT),
    **dict.fromkeys(("float", "numeric"), Kind.DECIMAL),
    **dict.fromkeys(("one2many", "many2many"), Kind.JSON),
    **dict.fromkeys(("datetime", "timestamp"), Kind.TIMESTAMP),
    "integer": Kind.INTEGER,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
}
_field_infos = msgspec.json.Decoder(dict[str, _FieldInfo])
_rpc_result = msgspec.json.Decoder(_RpcResult)
_records = msgspec.json.Decoder(list[msgspec.Raw])
_keyed = msgspec.json.Decoder(_Keyed)


class RpcRefusedError(RequestError):
    """Tryton ran the call and refused it; the transaction was rolled back. `kind` is its name for the reason."""

    @property
    def kind(self) -> str:
        """UserError, UserWarning, ConcurrencyException, or the text of a defect."""
        return str(self.facts.get("kind", ""))


def call(session: Session, method: str, *params: object, is_write: bool = False) -> msgspec.Raw:
    """The result of one method; `RpcRefusedError` where Tryton refuses the call."""
    body = {"id": 1, "method": method, "params": list(params)}
    path = f"/{session.option('database')}/rpc/"
    found = ask(session, _rpc_result, "POST", path, body=body, is_write=is_write)
    if found.error:
        raise _refusal(method, params, found.error, is_write=is_write)
    return found.result


def _refusal(
    method: str, params: Sequence[object], error: Sequence[msgspec.Raw], *, is_write: bool
) -> RpcRefusedError:
    """The name of the error and its first sentence; the rest may be a traceback of the server."""
    name = str(msgspec.json.decode(error[0]))
    details = msgspec.json.decode(error[1]) if len(error) > 1 else ""
    known = name in ("UserError", "UserWarning", "ConcurrencyException")
    sentence = details[0] if isinstance(details, list) and details else details
    if name == "UserWarning" and isinstance(details, list) and len(details) > 1:
        sentence = details[1]
    reason = str(sentence) if known else f"{name} in {method}; check the declaration against the server's modules"
    shown = masked_refusal(reason, is_write=is_write, asked=f"{method} {msgspec.json.encode(params).decode()}")
    return RpcRefusedError(f"Tryton refused: {shown}", kind=name if known else "defect", sentence=reason)


def read_context(session: Session) -> dict[str, object]:
    """The context every call needs: without a company, prices are empty, without an error."""
    company: object = session.option("company", "-")
    if company == "-":
        preferences = msgspec.json.decode(call(session, "model.res.user.get_preferences", *_CONTEXT_ONLY))
        company = preferences.get("company") if isinstance(preferences, dict) else None
    if not company:
        raise ConfigurationError(
            f'The Tryton user of connection "{session.connection.name}" belongs to no company; '
            'choose one in its preferences, or put "company" into the extra fields.',
            connection=session.connection.name,
        )
    return {"company": int(str(company)), "active_test": False}


def encode_datetime(moment: datetime) -> dict[str, object]:
    """A time as Tryton writes it: UTC, without a zone."""
    moment = moment.astimezone(UTC)
    return {
        **encode_date(moment.date()),
        "__class__": "datetime",
        "hour": moment.hour,
        "minute": moment.minute,
        "second": moment.second,
        "microsecond": moment.microsecond,
    }


def encode_date(value: object) -> dict[str, object]:
    """A date as Tryton writes it, from a date or its ISO text."""
    day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def encode_decimal(value: object) -> dict[str, str]:
    """An exact number as Tryton writes it."""
    return {"__class__": "Decimal", "decimal": write_digits(value)}


@dataclass(frozen=True, slots=True)
class TrytonSearch:
    """Reads one model by `search_read`, paged by id.

    `also` names relations whose own change stamps count as changes of the record. `has_stock` puts the
    warehouses into the context, without which every quantity is zero.
    """

    model: str
    size: int = 1000
    also: tuple[str, ...] = ()
    has_stock: bool = False
    only: tuple[object, ...] = ()

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None]:
        """What the models say of their fields, those of related records included."""
        context = read_context(session)
        models: dict[str, Mapping[str, _FieldInfo]] = {}

        def fields_of(model: str) -> Mapping[str, _FieldInfo]:
            if model not in models:
                method = f"model.{model}.fields_get"
                found = session.once(method, lambda: call(session, method, [], context))
                models[model] = {**_OWN, **_field_infos.decode(found)}
            return models[model]

        def kind_of(name: str) -> tuple[bool, Kind | None]:
            """Whether there is such a field, and what it holds."""
            first, _, rest = name.partition(".")
            info = fields_of(self.model).get(first)
            if info is None or not rest:
                return info is not None, _KINDS.get(info.type) if info else None
            below = fields_of(info.relation).get(rest) if info.relation else None
            return below is not None, _KINDS.get(below.type) if below else None

        told = {item.path: [kind_of(name) for name in asked_for(item)] for item in resource.fields}
        own = {name: _KINDS.get(info.type) for name, info in fields_of(self.model).items() if name not in _OWN}
        return own | {
            path: kinds[0][1] if len(kinds) == 1 else Kind.JSON
            for path, kinds in told.items()
            if all(is_there for is_there, _ in kinds)
        }

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records created or written within the window."""
        return prefetch(self._read(session, resource, [] if window is None else [self._changed(window)]))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records."""
        return keys_in(resource, self.read_window(session, only_key(resource), None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records whose field has one of these values."""
        is_id = name == resource.key
        encode = int if is_id else resource.field(name).form.encode
        searched = resource.field(name).write or asked_for(resource.field(name))[0]
        for some in batched(values, _KEYS_PER_CALL):
            wanted: list[object] = [encode(value) for value in some if not is_id or value.isdigit()]
            domain: list[object] = [["id" if is_id else searched, "in", wanted]]
            yield from self._read(session, resource, domain, most=len(wanted) if is_id else None)

    def _changed(self, window: Window) -> list[object]:
        start, end = encode_datetime(window.start), encode_datetime(window.end)

        def stamped(prefix: str) -> list[object]:
            written, created = f"{prefix}write_date", f"{prefix}create_date"
            return [
                "OR",
                [[written, ">=", start], [written, "<", end]],
                [[written, "=", None], [created, ">=", start], [created, "<", end]],
            ]

        own = stamped("")
        return ["OR", own, *(stamped(f"{name}.") for name in self.also)] if self.also else own

    def _read(
        self, session: Session, resource: Resource, domain: list[object], *, most: int | None = None
    ) -> Iterator[Page]:
        """The records of a domain, until a page is empty or `most` have come: a server may cap its pages."""
        context = read_context(session)
        if self.has_stock:
            context |= _stock_context(session, context)
        names = list(dict.fromkeys(name for field in resource.fields for name in asked_for(field)))
        last, total = 0, 0
        while True:
            result = call(
                session,
                f"model.{self.model}.search_read",
                [*domain, *self.only, ["id", ">", last]],
                0,
                self.size,
                [["id", "ASC"]],
                names,
                context,
            )
            page = _decoded_page(result)
            yield page
            total += len(page)
            if not page or (most is not None and total >= most):
                return
            last = _next_after(page, last, resource)


def asked_for(field: Field) -> list[str]:
    """Tryton's names for what a field is read from."""
    if field.select:
        return [name.strip() for name in field.select.split(",")]
    return [".".join(part.rstrip(".") for part in field.parts)]


def _decoded_page(result: msgspec.Raw) -> Page:
    try:
        return _records.decode(result)
    except msgspec.DecodeError as error:
        raise ServerError("The result of a search in Tryton is not a list; run the task again.") from error


def _next_after(page: Page, last: int, resource: Resource) -> int:
    """The id behind which the next page begins; a `ServerError` where it does not grow."""
    reached = last_readable(page, _id_of)
    if reached is None or reached <= last:
        raise ServerError(
            f"The pages of {resource.name} repeat themselves: Tryton's order by id is broken; run the task again.",
            resource=resource.name,
        )
    return reached


def _id_of(raw: msgspec.Raw) -> int | None:
    try:
        return _keyed.decode(raw).id
    except UNREADABLE:
        return None


def _stock_context(session: Session, context: Mapping[str, object]) -> dict[str, object]:
    found = call(
        session,
        "model.stock.location.search_read",
        [["type", "=", "warehouse"]],
        0,
        None,
        [["id", "ASC"]],
        ["id"],
        context,
    )
    return {"locations": [_keyed.decode(raw).id for raw in _records.decode(found)], "with_childs": True}
