"""What a person reads when a vendor refuses: its own words, and advice that fits a read or a write."""

import json
import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.exc import DataError
from zeep import exceptions as foreign

from concord.contract import Response, System, VendorRules
from concord.monitoring.watch import check_versions
from concord.protocols.graphql.api import GraphQLRules, Refusal
from concord.protocols.session.masking import masked
from concord.protocols.session.refusals import request_error
from concord.protocols.session.transport import Request
from concord.protocols.soap.calls import sort_fault
from concord.protocols.sql.trouble import words_of
from concord.registry import declared_systems
from concord.wording import say_things, say_were

ENDING = [item for item in declared_systems() if item.api_version_ends]
# Names by which fields of persons and companies go in all systems, and those that only look like them.
PERSONAL = re.compile(
    r"(first|last|company|account|customer|party|organization)_name|name_line|e?mails?(_|$)|phone|street|"
    r"house_number|^(city|postal_code|address|mechanism_value|message_text)$"
)
NO_PERSON = re.compile(r"consent|_source_id$|can_receive")
READ = Request("GET", "https://vendor.example/x", "/x", {}, params={"q": "SELECT Foo FROM Contact"})
WRITE = replace(READ, method="PATCH", is_write=True)
INVALID_FIELD = b'[{"message":"No such column \'Foo\' on entity \'Contact\'","errorCode":"INVALID_FIELD"}]'


def say(status: int, body: bytes, request: Request = READ, rules: VendorRules | None = None) -> str:
    return request_error(Response(body, {}, status), request, rules or VendorRules()).message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (INVALID_FIELD, "400: No such column 'Foo' on entity 'Contact'; check"),
        (b'{"error":{"message":"Wrong limit","code":"bad_limit"}}', "400 bad_limit: Wrong limit; check"),
        (b'{"errors":[{"message":"One"},{"message":"Two"}]}', "400: One; Two; check"),
        (b'{"title":["Ensure it is short."]}', "400: title: Ensure it is short; check"),
        (b'<error><code>5</code><message xml:lang="en">Wrong day</message></error>', "400: Wrong day; check"),
        (b"Unknown tenant", "400: Unknown tenant; check"),
        (b"<html><body>Gateway</body></html>", "with 400; check"),
        (b"", "with 400; check"),
    ],
    ids=["list", "object", "several", "by field", "XML", "text", "page", "nothing"],
)
def test_the_vendors_reason_is_shown_however_it_is_sent(body: bytes, words: str) -> None:
    assert words in say(400, body)


def test_a_reason_lies_where_the_declaration_says() -> None:
    body = b'{"title":"Bad Request","o:errorDetails":[{"detail":"Field foo is unknown.","o:errorCode":"X"}]}'
    assert "Field foo is unknown; " in say(400, body, rules=VendorRules(reasons=("o:errorDetails.detail",)))


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422])
def test_a_refused_write_has_other_advice_than_a_refused_read(status: int) -> None:
    read, write = (say(status, b"", request).partition("; ")[2] for request in (READ, WRITE))
    assert read != write
    assert "declaration" not in write
    assert "API version" not in write


@pytest.mark.parametrize("system", ENDING, ids=lambda item: item.name)
def test_the_alarm_of_a_version_names_an_option_only_where_it_is_read(system: System) -> None:
    (alarm,) = check_versions([system], date.fromisoformat(system.api_version_ends))
    assert ("api_version" in alarm.sentence) is bool(system.rules.version_option)


@pytest.mark.parametrize(
    ("sentence", "values", "shown"),
    [
        ("Value Müller is wrong", ["Müller"], "Value … is wrong"),
        ('Value "M\\u00fcller" is wrong', ["Müller"], 'Value "…" is wrong'),
        ("ANNA MÜLLER exists", ["Anna", "Müller"], "… … exists"),
        ("Am Hinteren Zwin (max 16)", ["Am Hinteren Zwinger 12"], "… (max 16)"),
        ("Duplicate 'first line of it", ["first line of it\nsecond line"], "Duplicate '…"),
        ("Street Long Road 5 is wrong", [{"lines": ["Long Road 5"], "zip": 12345}], "Street … is wrong"),
        ("12345 is wrong", ['{"zip": 12345}'], "… is wrong"),
        ("anna@example.org is taken", [], "… is taken"),
    ],
    ids=["whole", "as JSON", "capitals", "cut off", "of two lines", "document", "landed document", "pattern"],
)
def test_values_of_a_record_are_hidden_however_they_are_quoted(
    sentence: str, values: list[object], shown: str
) -> None:
    assert masked(sentence, values) == shown


STRANGERS = [
    "Invalid value 'Müller' for lastName",
    'Duplicate entry "Anna Müller" for key name',
    "Cannot parse: Anna Müller, Am Zwinger 12",
    "name: Müller; street: Am Zwinger 12",
    "invalid input syntax for type integer: „Müller“",
    "Value `O'Müller` was cut off in 'Am Zwing",
    "Kunde «Müller» ist gesperrt",
    "email anna.mueller@example.org and phone +49 30 7654321 are taken",
]
QUIET = re.compile("müller|mueller|anna|zwing|7654321", re.IGNORECASE)


@pytest.mark.parametrize("words", STRANGERS)
def test_a_refused_reading_quotes_no_record(words: str) -> None:
    bodies = [
        json.dumps(body)
        for body in ({"message": words}, [{"errorCode": "X", "message": words}], {"errors": [{"detail": words}]})
    ]
    bodies += [f"<error><message>{words}</message></error>", words]
    shown = [say(400, body.encode()) for body in bodies]
    shown += [Refusal(["X"], words).error(GraphQLRules(), is_write=False).message]
    shown += [refused_by_soap(words), refused_by_sql(words)]
    assert [message for message in shown if QUIET.search(message)] == []
    assert all("…" in message for message in shown)


def refused_by_soap(words: str) -> str:
    return sort_fault(foreign.Fault(words, code="soap:Client"), "any", is_write=False).message


def refused_by_sql(words: str) -> str:
    return words_of(DataError("select name from customers", {"since": 1}, ValueError(words)))


def test_a_refused_reading_shows_names_that_were_asked_for_and_the_vendors_own_words() -> None:
    body = b"{\"message\": \"Field 'Foo' of 'Contact' may not be read: ask the owner for the scope; see 'Bar'\"}"
    told = "Field 'Foo' of 'Contact' may not be read: ask the owner for the scope; see '…'"
    assert told in say(403, body)


@pytest.mark.parametrize(
    ("statement", "reason", "words"),
    [
        (
            "select 1",
            (1969, "Query execution was interrupted (max_statement_time exceeded)"),
            "max_statement_time",
        ),
        ("select street from custmast", (1406, "Data too long for column 'street' at row 1"), "'street'"),
        (None, ('connection failed: FATAL:  too many connections for role "shop"',), "connections for role"),
    ],
    ids=["number and text", "name that was asked for", "no statement"],
)
def test_a_database_is_heard_in_its_own_words(
    statement: str | None, reason: tuple[object, ...], words: str
) -> None:
    assert words in words_of(DataError(statement, None, ValueError(*reason)))


def test_a_number_stands_with_its_noun_and_verb() -> None:
    assert [say_things(1, "change"), say_things(2, "change")] == ["1 change", "2 changes"]
    assert [say_were(1, "change"), say_were(2, "change")] == ["1 change was", "2 changes were"]


def test_a_field_that_tells_of_a_person_is_declared_so() -> None:
    fields = [
        (system.name, resource.name, field)
        for system in declared_systems()
        for resource in system.resources
        for field in resource.fields
    ]
    told = [item for item in fields if PERSONAL.search(item[2].name) and not NO_PERSON.search(item[2].name)]
    assert len(told) > 60
    assert [(system, resource, field.name) for system, resource, field in told if not field.is_personal] == []
