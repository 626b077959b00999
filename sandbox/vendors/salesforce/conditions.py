"""Turns SOQL conditions into SQL over the record tables, with an index where there is one."""

from sandbox.server.clock import to_micros
from sandbox.server.queries import Where
from sandbox.server.records import normalised
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.objects import OBJECTS, Field, SObject, long_id, stamp
from sandbox.vendors.salesforce.soql import Comparison, Condition, Literal, Query, malformed

_KINDS = {
    "boolean": {"boolean"},
    "datetime": {"stamp"},
    "date": {"date"},
    "currency": {"number"},
}
_STAMPS = frozenset({"SystemModstamp", "LastModifiedDate"})


def object_named(name: str) -> SObject:
    """The object, or INVALID_TYPE."""
    found = OBJECTS.get(name.lower())
    if found is None:
        raise SalesforceError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return found


def field_named(sobject: SObject, name: str) -> Field:
    """The field, or INVALID_FIELD."""
    found = sobject.field(name)
    if found is None:
        raise SalesforceError(
            "INVALID_FIELD",
            f"\nNo such column '{name}' on entity '{sobject.name}'. If you are attempting to use a custom field, "
            "be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe "
            "call for the appropriate names.",
        )
    return found


def path_named(sobject: SObject, path: str) -> tuple[Field | None, SObject, Field]:
    """A field or a field of a related record: the reference, the object it lies in, and the field."""
    name, _, rest = path.partition(".")
    if not rest:
        return None, sobject, field_named(sobject, name)
    if name.lower() == sobject.name.lower():
        return path_named(sobject, rest)
    reference = sobject.relationship(name)
    if reference is None:
        raise SalesforceError("INVALID_FIELD", f"\nDidn't understand relationship '{name}' in field path.")
    other = object_named(reference.refers_to or "")
    return reference, other, field_named(other, rest)


def where_of(query: Query, sobject: SObject, *, with_deleted: bool) -> Where:
    """The condition of a query; deleted records are found by `queryAll` only."""
    where = Where() if with_deleted else Where("deleted = 0")
    if query.where is not None:
        condition = _condition(query.where, sobject)
        where = where.and_(condition.sql, *condition.params)
    return where


def order_of(query: Query, sobject: SObject) -> str:
    """The order-by clause of a query in any other order than that of `_quick_order`."""
    terms = []
    for path, is_descending in query.order:
        reference, _, item = path_named(sobject, path)
        if reference is not None:
            raise malformed(f"ordering by {path} is not supported")
        terms.append(f"{_column(item)}{' desc' if is_descending else ''}")
    return ", ".join([*terms, "key"])


def _condition(condition: Condition, sobject: SObject) -> Where:
    if isinstance(condition, Comparison):
        return _comparison(condition, sobject)
    parts = [_condition(part, sobject) for part in condition.parts]
    params = tuple(value for part in parts for value in part.params)
    if condition.word == "not":
        return Where(f"not coalesce(({parts[0].sql}), 0)", params)
    return Where(f" {condition.word} ".join(f"({part.sql})" for part in parts), params)


def _comparison(comparison: Comparison, sobject: SObject) -> Where:
    reference, other, item = path_named(sobject, comparison.field)
    _check_kinds(item, comparison)
    inner = _on_field(comparison, other, item)
    if reference is None:
        return inner
    sql = f'{_column(reference)} in (select key from "records_{other.name}" where {inner.sql})'
    return Where(sql, inner.params)


def _check_kinds(item: Field, comparison: Comparison) -> None:
    allowed = _KINDS.get(item.type, {"text"}) | {"null"}
    for value in comparison.values:
        if value.kind not in allowed:
            kind = "not be enclosed in quotes" if value.kind == "text" else "be enclosed in quotes"
            message = (
                f"value of filter criterion for field '{item.name}' must be of type {item.type} and should {kind}"
            )
            raise SalesforceError("INVALID_FIELD", message)


def _on_field(comparison: Comparison, sobject: SObject, item: Field) -> Where:
    column = _column(item)
    values = [_value(item, value) for value in comparison.values]
    if comparison.sign in ("in", "not in"):
        return _among(comparison.sign, column, [value for value in values if value is not None], item, sobject)
    value = values[0]
    if value is None:
        if comparison.sign not in ("=", "!="):
            raise malformed(f"null cannot be compared by {comparison.sign}")
        return Where(f"{column} is {'not ' if comparison.sign == '!=' else ''}null")
    if comparison.sign == "=" and item.name in sobject.lookups:
        return _looked_up(sobject, item, [value])
    if comparison.sign == "!=":
        return Where(f"{column} is not ?", (value,))
    return Where(f"{column} {comparison.sign} ?", (value,))


def _among(sign: str, column: str, values: list[object], item: Field, sobject: SObject) -> Where:
    if sign == "in" and item.name in sobject.lookups:
        return _looked_up(sobject, item, values)
    places = ", ".join("?" for _ in values)
    return Where(f"{column} {sign} ({places})", tuple(values))


def _looked_up(sobject: SObject, item: Field, values: list[object]) -> Where:
    places = ", ".join("?" for _ in values)
    sql = f"key in (select key from lookups where collection = ? and field = ? and value in ({places}))"
    return Where(sql, (sobject.name, item.name, *(normalised(value) or "" for value in values)))


def _column(item: Field) -> str:
    if item.name == "Id":
        return "key"
    if item.name == "IsDeleted":
        return "deleted"
    if item.name in _STAMPS:
        return "updated_at"
    column = f"json_extract(body, '$.{item.name}')"
    is_text = item.type not in ("boolean", "currency", "datetime", "date")
    return f"{column} collate nocase" if is_text else column


def _value(item: Field, literal: Literal) -> object:
    if literal.kind == "null":
        return None
    if literal.kind == "boolean":
        return int(literal.value == "true")
    if literal.kind == "number":
        return float(literal.value)
    if literal.kind == "stamp":
        micros = to_micros(literal.value)
        return micros if item.name in _STAMPS else stamp(micros)
    return long_id(literal.value) if item.type in ("id", "reference") else literal.value
