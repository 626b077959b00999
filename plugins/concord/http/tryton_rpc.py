"""Tryton's JSON-RPC: one address, methods by name, errors inside a 200, values with a class of their own.

https://docs.tryton.org/latest/server/ref/protocols.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.errors import ConfigurationError, RequestError, ServerError
from concord.fields import Field
from concord.http.masking import masked
from concord.http.paging import ask, batched, prefetch

_KEYS_PER_CALL = 500
_CONTEXT_ONLY: tuple[bool, dict[str, object]] = (True, {})


class _Answer(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: list[msgspec.Raw] | None = None


class _Keyed(msgspec.Struct):
    id: int


_answer = msgspec.json.Decoder(_Answer)
_records = msgspec.json.Decoder(list[msgspec.Raw])
_keyed = msgspec.json.Decoder(_Keyed)


class RpcRefusedError(RequestError):
    """Tryton ran the call and refused it; the transaction was rolled back. `kind` is its name for the reason."""

    @property
    def kind(self) -> str:
        """UserError, UserWarning, ConcurrencyException, or the text of a defect."""
        return str(self.facts.get("kind", ""))


def call(session: Session, method: str, *params: object, is_write: bool = False) -> msgspec.Raw:
    """The result of one method; `RpcRefusedError` when the answer holds an error."""
    body = {"id": 1, "method": method, "params": list(params)}
    path = f"/{session.option('database')}/rpc/"
    answer = ask(session, _answer, "POST", path, body=body, is_write=is_write)
    if answer.error:
        raise _refusal(method, answer.error)
    return answer.result


def _refusal(method: str, error: Sequence[msgspec.Raw]) -> RpcRefusedError:
    """The name of the error and its first sentence; the rest may be a traceback of the server."""
    name = str(msgspec.json.decode(error[0]))
    details = msgspec.json.decode(error[1]) if len(error) > 1 else ""
    known = name in ("UserError", "UserWarning", "ConcurrencyException")
    sentence = details[0] if isinstance(details, list) and details else details
    if name == "UserWarning" and isinstance(details, list) and len(details) > 1:
        sentence = details[1]
    reason = str(sentence) if known else f"{name} in {method}; check the declaration against the server's modules"
    return RpcRefusedError(f"Tryton refused: {masked(reason)}", kind=name if known else "defect", sentence=reason)


def read_context(session: Session) -> dict[str, object]:
    """The context every call needs: without a company, prices read as empty and nobody says so."""
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
    return {"__class__": "Decimal", "decimal": format(Decimal(str(value)), "f")}


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

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records created or written within the window."""
        return prefetch(self._read(session, resource, [] if window is None else [self._changed(window)]))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records whose field has one of these values."""
        is_id = name == resource.key
        encode = int if is_id else resource.field(name).form.encode
        searched = resource.field(name).write or asked_for(resource.field(name))[0]
        for some in batched(values, _KEYS_PER_CALL):
            wanted: list[object] = [encode(value) for value in some if not is_id or value.isdigit()]
            yield from self._read(session, resource, [["id" if is_id else searched, "in", wanted]])

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

    def _read(self, session: Session, resource: Resource, domain: list[object]) -> Iterator[Page]:
        context = read_context(session)
        if self.has_stock:
            context |= _stock_context(session, context)
        names = list(dict.fromkeys(name for field in resource.fields for name in asked_for(field)))
        last = 0
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
            if len(page) < self.size:
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
        raise ServerError(
            "Tryton answered a search with something that is not a list; run the task again."
        ) from error


def _next_after(page: Page, last: int, resource: Resource) -> int:
    """The id to go on from: pages by id cannot go in circles as long as it grows."""
    reached = _keyed.decode(page[-1]).id
    if reached <= last:
        raise ServerError(
            f"The pages of {resource.name} go in circles: Tryton's order by id is broken; run the task again.",
            resource=resource.name,
        )
    return reached


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
