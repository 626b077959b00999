"""The SQL of a `__typed` view: each field of a landed record as its type, and what is wrong with the record.

A value that cannot be cast is null, and so is an empty text. The faults name each field that is missing, of
another type or of another shape.
"""

from collections.abc import Iterator

from psycopg import sql

from concord.contract import Field, Kind, Resource

KEY_BYTES = 1_000  # an index of PostgreSQL takes a key with the names of its system and resource up to 2,704 bytes
VALUE, LIST, OBJECT = "where a single value belongs", "where a list belongs", "where an object belongs"
ANOTHER_SHAPE = " where an? [a-z ]+ belongs"  # the reasons of records that hold something of another shape
_ZONED = r"^\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$"
# Readers do not agree which of two members of the same name counts.
_DOUBLED = sql.SQL(
    "case when _fault is null and _payload is not json with unique keys "
    "then 'a member of the record is there twice' end"
)
_DIGITS = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
# Beyond these bounds sums and products in the warehouse fail, or Python cannot read the value: 26 digits before
# the point and 40 behind it, and the years 1 to 9999 in any time zone.
_READABLE = {
    Kind.TEXT: "true",
    Kind.INTEGER: "case when {0} ~ '^[+-]?[0-9]+$' then pg_input_is_valid({0}, 'bigint') else false end",
    Kind.DECIMAL: f"case when length({{0}}) <= 100 and {{0}} ~ '{_DIGITS}' "
    "and pg_input_is_valid({0}, 'numeric') "
    "then abs(({0})::numeric) < 1e26 and scale(({0})::numeric) <= 40 else false end",
    Kind.BOOLEAN: "lower({0}) in ('true', 'false')",
    Kind.TIMESTAMP: f"case when {{0}} ~ '{_ZONED}' and pg_input_is_valid({{0}}, 'timestamptz') then "
    "({0})::timestamptz between '0001-01-02 00:00Z' and '9999-12-30 23:59:59.999999Z' else false end",
    Kind.DATE: "({0} ~ '^\\d\\d\\d\\d-\\d\\d-\\d\\d$' and pg_input_is_valid({0}, 'date'))",
    Kind.JSON: "pg_input_is_valid({0}, 'jsonb')",
}


def select_typed(resource: Resource, landing: sql.Identifier) -> sql.Composed:
    """The query of the view: id of the batch, row, hash of the payload, the fields, and the faults as a list."""
    columns = [
        _key_column(field) if _is_text_key(resource, field) else _typed_column(field) for field in resource.fields
    ]
    faults = [_fault(field, is_key=_is_text_key(resource, field)) for field in resource.fields]
    return sql.SQL(
        "select _batch_id, _row, {hash} as _payload_hash, {columns}, "
        "array_remove(array[_fault, {doubled}, {faults}], null) as _faults from {landing}"
    ).format(
        hash=_payload_hash(resource),
        columns=sql.SQL(", ").join(columns),
        doubled=_DOUBLED,
        faults=sql.SQL(", ").join(faults),
        landing=landing,
    )


def _is_text_key(resource: Resource, field: Field) -> bool:
    return field.name == resource.key and field.kind is Kind.TEXT


def _payload_hash(resource: Resource) -> sql.Composed:
    """A hash of the declared fields and not of the payload, whose keys may come in another order."""
    texts = sql.SQL(", ").join(_normal_text(field) for field in resource.fields)
    return sql.SQL("md5(case when _fault is null then row({})::text else _payload end)").format(texts)


def _normal_text(field: Field) -> sql.Composed:
    text = (
        "case when pg_input_is_valid({0}, 'jsonb') then {0}::jsonb::text else {0} end"
        if field.is_document
        else "{0}"
    )
    return sql.SQL(text).format(sql.Identifier(field.name))


def _document_of(field: Field) -> sql.Composed:
    """The landed document, null where it says nothing."""
    return sql.SQL("nullif(nullif({}, 'null'), '\"\"')").format(sql.Identifier(field.name))


def _text_of(field: Field) -> sql.Composed:
    """SQL for a field's text in our form, null where it is empty, or lies in a document that cannot be read."""
    if field.kind is Kind.JSON:
        return sql.SQL(field.form.sql).format(_document_of(field))
    column = _document_of(field) if field.is_document else sql.Identifier(field.name)
    text = sql.SQL(field.form.sql).format(column)
    if field.is_document:
        text = sql.SQL("case when {} then {} end").format(_is_usable(field), text)
    if field.kind is Kind.TEXT:
        return text if field.keeps_empty else sql.SQL("nullif({}, '')").format(text)
    return sql.SQL("nullif(btrim({}), '')").format(text)


def _is_usable(field: Field) -> sql.Composed:
    """Whether the landed document is JSON of the declared type, so that a form can take values out of it."""
    document = _document_of(field)
    if not field.json_type:
        return sql.SQL("pg_input_is_valid({}, 'jsonb')").format(document)
    return sql.SQL("case when pg_input_is_valid({0}, 'jsonb') then jsonb_typeof(({0})::jsonb) = {1} end").format(
        document, sql.Literal(field.json_type)
    )


def _typed_column(field: Field) -> sql.Composed:
    text, name = _text_of(field), sql.Identifier(field.name)
    if field.kind is Kind.TEXT:
        return sql.SQL("{} as {}").format(text, name)
    return sql.SQL("case when {} then ({})::{} end as {}").format(
        _is_readable(field), text, sql.SQL(field.kind.value), name
    )


def _key_column(field: Field) -> sql.Composed:
    """The key as `_typed_column` gives it; of one that no index can hold its beginning is given."""
    return sql.SQL("case when octet_length({0}) <= {1} then {0} else left({0}, 200) || '…' end as {2}").format(
        _text_of(field), sql.Literal(KEY_BYTES), sql.Identifier(field.name)
    )


def _is_readable(field: Field) -> sql.Composed:
    if field.kind is Kind.JSON:
        return _is_usable(field)
    return sql.SQL(_READABLE[field.kind]).format(_text_of(field))


def _fault(field: Field, *, is_key: bool) -> sql.Composed:
    """SQL for what is wrong with a field, null where nothing is."""
    cases = [*_shape_faults(field)]
    if field.required:
        cases.append(
            (sql.SQL("_fault is null and {} is null").format(_text_of(field)), f"{field.name} is missing")
        )
    if field.kind is not Kind.TEXT:
        wrong = sql.SQL("{} is not null and ({}) is not true").format(_text_of(field), _is_readable(field))
        cases.append((wrong, f"{field.name} is not {_ARTICLES[field.kind]}"))
    if is_key:
        long = sql.SQL("octet_length({}) > {}").format(_text_of(field), sql.Literal(KEY_BYTES))
        cases.append((long, f"{field.name} is longer than the {KEY_BYTES} bytes that a key may have"))
    if not cases:
        return sql.Composed([sql.SQL("null")])
    written = [sql.SQL("when {} then {}").format(test, sql.Literal(reason)) for test, reason in cases]
    return sql.SQL("case {} end").format(sql.SQL(" ").join(written))


def _shape_faults(field: Field) -> Iterator[tuple[sql.Composed, str]]:
    """What is wrong with the JSON that landed: a document of another type, or an object instead of one value."""
    column = sql.Identifier(field.name)
    if field.is_document:
        document = _document_of(field)
        invalid = sql.SQL("not pg_input_is_valid({}, 'jsonb')").format(document)
        yield invalid, f"{field.name} is not {_ARTICLES[Kind.JSON]}"
        if field.json_type:
            other = sql.SQL("{} is not null and ({}) is not true").format(document, _is_usable(field))
            yield other, f"{field.name} holds something else {LIST if field.json_type == 'array' else OBJECT}"
        for path, kind in field.members:
            member, article = path.rpartition(".")[2], "a list" if kind is Kind.JSON else _ARTICLES[kind]
            yield _has_unreadable(field, path, kind), f"{member} in {field.name} is not {article}"
    elif field.kind is not Kind.TEXT:
        test = sql.SQL("left({}, 1) in ('{{', '[')").format(column)
        yield test, f"{field.name} holds an object or a list {VALUE}"


def _has_unreadable(field: Field, path: str, kind: Kind) -> sql.Composed:
    """Whether the document holds a value at the path that is not null and not of the kind."""
    text = sql.SQL("(found.value #>> '{{}}')").format()
    is_list = sql.SQL("jsonb_typeof(found.value) = 'array'")
    return sql.SQL(
        "case when {usable} then exists ("
        "select from jsonb_path_query(({document})::jsonb, {path}) as found (value) "
        "where {text} is not null and ({readable}) is not true) end"
    ).format(
        usable=_is_usable(field),
        document=_document_of(field),
        path=sql.Literal(path),
        text=text,
        readable=is_list if kind is Kind.JSON else sql.SQL(_READABLE[kind]).format(text),
    )


_ARTICLES = {
    Kind.INTEGER: "an integer",
    Kind.DECIMAL: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.TIMESTAMP: "a time with a zone",
    Kind.DATE: "a date",
    Kind.JSON: "valid JSON",
}
