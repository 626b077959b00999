"""How OData writes values, keys, times and batches, and how an unexpected response is handled."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from msgspec import Raw

from concord.contract import Response
from concord.errors import ContractError, OutcomeUnknownError, RequestError
from concord.protocols.odata.batch import Operation, Result, read_batch, write_batch
from concord.protocols.odata.lists import EntitySet
from concord.protocols.odata.nested import completed
from concord.protocols.odata.service import EntityKey, ODataService, Version, all_of, write_literal
from concord.protocols.odata.values import ChangedOn, read_moment, read_span, write_ticks
from concord.protocols.odata.writes import ODataWrites

MOMENT = datetime(2026, 11, 2, 9, 14, 31, 123456, UTC)
LINES = EntityKey(("Order", "Item"), {"Item": "Edm.Int32"})


@pytest.mark.parametrize(
    ("value", "kind", "second", "fourth"),
    [
        ("O'Hara", "Edm.String", "'O''Hara'", "'O''Hara'"),
        (MOMENT, "", "datetimeoffset'2026-11-02T09:14:31.123456Z'", "2026-11-02T09:14:31.123456Z"),
        (date(2026, 11, 2), "", "datetime'2026-11-02T00:00:00'", "2026-11-02"),
        (time(8, 30), "", "time'PT08H30M00S'", "08:30:00"),
        ("17", "Edm.Int64", "17L", "17"),
        ("1.5", "Edm.Decimal", "1.5M", "1.5"),
        ("0f8fad5b-d9cb", "Edm.Guid", "guid'0f8fad5b-d9cb'", "0f8fad5b-d9cb"),
    ],
    ids=["text", "moment", "day", "time of day", "long", "decimal", "guid"],
)
def test_a_literal_is_written_in_either_version(value: object, kind: str, second: str, fourth: str) -> None:
    assert write_literal(Version.V2, value, kind) == second
    assert write_literal(Version.V4, value, kind) == fourth


def test_what_is_no_number_never_gets_into_a_filter_as_one() -> None:
    with pytest.raises(RequestError, match="does not fit"):
        write_literal(Version.V4, "1 or true", "Edm.Int32")


def test_a_key_of_one_property_is_its_value() -> None:
    key = EntityKey(("Product",))
    assert key.of({"Product": "A/B'C"}) == "A/B'C"
    assert key.segment(Version.V2, "A/B'C") == "(%27A%2FB%27%27C%27)"
    assert key.condition(Version.V2, "A'B") == "Product eq 'A''B'"
    assert key.beyond(Version.V2, {"Product": "A"}) == "Product gt 'A'"


def test_a_key_of_several_goes_out_and_comes_back() -> None:
    name = LINES.of({"Order": "It's, so", "Item": "10"})
    assert LINES.parts(name) == {"Order": "It's, so", "Item": "10"}
    assert LINES.segment(Version.V4, name) == "(Order=%27It%27%27s%2C%20so%27,Item=10)"
    assert LINES.condition(Version.V4, name) == "(Order eq 'It''s, so' and Item eq 10)"


def test_what_follows_a_key_of_several_is_asked_for_step_by_step() -> None:
    beyond = LINES.beyond(Version.V4, {"Order": "1", "Item": 10})
    assert beyond == "(Order gt '1') or (Order eq '1' and Item gt 10)"


def test_a_key_that_names_other_properties_is_refused() -> None:
    with pytest.raises(RequestError, match="Order, Item"):
        LINES.parts("Order='1'")


@pytest.mark.parametrize(
    ("conditions", "whole"),
    [(["", ""], ""), (["a", ""], "a"), (["a or b", "c"], "(a or b) and (c)")],
    ids=["none", "one", "two"],
)
def test_conditions_are_joined_without_changing_their_sense(conditions: list[str], whole: str) -> None:
    assert all_of(conditions) == whole


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(1793610871123)/", datetime(2026, 11, 2, 9, 14, 31, 123000, UTC)),
        ("/Date(1793610871123+0060)/", datetime(2026, 11, 2, 9, 14, 31, 123000, UTC)),
        ("/Date(-86400000)/", datetime(1969, 12, 31, tzinfo=UTC)),
        ("2026-11-02T09:14:31.123Z", datetime(2026, 11, 2, 9, 14, 31, 123000, UTC)),
        ("soon", None),
        (None, None),
    ],
    ids=["ticks", "ticks with an offset", "before 1970", "ISO", "nonsense", "nothing"],
)
def test_a_moment_is_read_in_either_form(text: str | None, moment: datetime | None) -> None:
    assert read_moment(text) == moment
    assert moment is None or text is None or write_ticks(moment.isoformat()).startswith("/Date(")


def test_a_day_and_a_time_are_one_moment_in_the_clock_of_the_system() -> None:
    changes = ChangedOn("Changed", "At", "Made", "MadeAt", zone="Europe/Berlin")
    record = {"Changed": "/Date(1793577600000)/", "At": "PT11H22M33S", "Made": "/Date(0)/", "MadeAt": "PT1H"}
    assert changes.moment(record) == datetime(2026, 11, 2, 10, 22, 33, tzinfo=UTC)
    assert changes.moment({**record, "Changed": None, "At": None}) == datetime(1970, 1, 1, tzinfo=UTC)
    assert changes.moment({}) is None
    assert (read_span("PT8H"), read_span("")) == (timedelta(hours=8), timedelta())


@pytest.mark.parametrize(
    "damage",
    [{"At": "later"}, {"At": "PT999999999H"}, {"Changed": "soon"}, {"Changed": "/Date(-99999999999999)/"}],
    ids=str,
)
def test_a_day_or_time_that_cannot_be_read_is_not_taken_for_none(damage: dict[str, str]) -> None:
    changes = ChangedOn("Changed", "At", "Made", "MadeAt", zone="Europe/Berlin")
    record = {"Changed": "/Date(1793577600000)/", "At": "PT11H22M33S", "Made": "/Date(0)/", "MadeAt": "PT1H"}
    assert changes.moment(record | damage) is None


def test_each_operation_of_a_batch_has_a_changeset_of_its_own() -> None:
    kind, body = write_batch(
        [
            Operation("PATCH", "A('1')", {"Name": "Zoë"}, {"If-Match": 'W/"a b"\r\nX: y'}),
            Operation("POST", "A", {"Name": "B"}),
        ]
    )
    text = body.decode()
    assert kind.startswith("multipart/mixed; boundary=batch_")
    assert text.count("Content-Type: multipart/mixed; boundary=changeset_") == 2
    assert "PATCH A('1') HTTP/1.1\r\n" in text
    assert 'If-Match: W/"a b"X: y\r\n' in text
    assert f'Content-Length: {len(b"{x:x}") + 10}\r\n\r\n{{"Name":"Zoë"}}\r\n' in text


PARTS = (
    "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n"
    "Content-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
    'ETag: W/"1"\r\n\r\n{"d":{"Key":"Zoë"}}\r\n--c--\r\n'
    "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    'HTTP/1.1 400 Bad Request\r\n\r\n{"error":{"code":"X/1","message":{"lang":"en","value":"No"}}}\r\n--b--\r\n'
)


def answer(text: str, kind: str = "multipart/mixed; boundary=b") -> Response:
    return Response(text.encode(), {"content-type": kind}, 202)


def test_a_batch_is_read_part_by_part() -> None:
    made, refused = read_batch(answer(PARTS))
    assert (made.is_good, made.entity(), made.headers["etag"]) == (True, {"Key": "Zoë"}, 'W/"1"')
    assert (refused.status, refused.sentence()) == (400, "X/1: No")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{}", "application/json"),
        (PARTS.replace("HTTP/1.1 400", "HTTP/1.1 what"), "multipart/mixed; boundary=b"),
        (PARTS.replace("HTTP/1.1 201 Created", "Created"), "multipart/mixed; boundary=b"),
    ],
    ids=["no batch", "no status", "no first line"],
)
def test_an_answer_that_is_no_batch_leaves_the_outcome_unknown(text: str, kind: str) -> None:
    with pytest.raises(OutcomeUnknownError, match="read the records back"):
        read_batch(answer(text, kind))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"error":{"code":"A","message":"plain","details":[]}}', "A: plain"),
        (b'{"error":{"code":"A","message":"x","details":[{"code":"B","message":"why"}]}}', "B: why"),
        (b'<?xml version="1.0"?><error><code>C</code><message xml:lang="en">no</message></error>', "C: no"),
        (b"", "the server answered 400"),
    ],
    ids=["message", "details", "XML", "nothing"],
)
def test_the_most_telling_sentence_of_a_refusal_is_kept(body: bytes, sentence: str) -> None:
    assert Result(400, {}, body).sentence() == sentence


def test_an_update_that_would_empty_what_it_does_not_name_is_not_declared() -> None:
    entities = EntitySet(ODataService("/service"), "Orders", EntityKey(("Order",)))
    with pytest.raises(ContractError, match="MERGE or PATCH, not by PUT"):
        ODataWrites(entities, method="PUT")


def test_the_rest_of_every_list_inside_of_a_record_is_read_in_either_version() -> None:
    pages = {
        "B": [[Raw(b'{"Item":"20","Weight":1.10,"Texts@odata.nextLink":"T","Texts":[{"Text":"a"}]}')]],
        "T": [[Raw(b'{"Text":"b"}')], [Raw(b'{"Text":"c"}')]],
    }
    second = Raw(b'{"Key":"1","Price":12.50,"Items":{"results":[{"Item":"10"}],"__next":"B"}}')
    fourth = Raw(b'{"Key":"2","Items":[{"Item":"10"}],"Items@odata.nextLink":"T"}')
    whole, other, plain = completed([second, fourth, Raw(b'{"Key":"3"}')], lambda link: iter(pages[link]))
    assert bytes(whole).startswith(b'{"Key":"1","Price":12.50,"Items":{"results":[{"Item":"10"},{"Item":"20"')
    assert b'"Weight":1.10' in bytes(whole)
    assert bytes(whole).count(b"Text") == 4
    assert bytes(other) == b'{"Key":"2","Items":[{"Item":"10"},{"Text":"b"},{"Text":"c"}]}'
    assert bytes(plain) == b'{"Key":"3"}'
