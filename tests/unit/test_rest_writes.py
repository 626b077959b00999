"""Every way in which a declared REST write can end, call by call, against responses that the test writes."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from concord.contract import Change, End, Field, Form, Kind, Outcome, Resource, Snapshot, Writes
from concord.errors import ContractError
from concord.protocols.rest import (
    Create,
    IfMatchEtag,
    IfMatchGuard,
    IfUnmodifiedSince,
    PageNumber,
    Precondition,
    ResponsePaths,
    RestList,
    RestWrites,
    SingleRecord,
    Update,
)
from tests.unit.opened import session_to
from tests.unit.wire import CLOSE, Asked, answer, serving

SEEN = "2026-11-01T08:00:00.25+00:00"
FIELDS = (
    Field("id", "source_id", required=True),
    Field("mail", "email"),
    Field("address.city", "city"),
    Field("address.zip", "postal_code"),
    Field(
        "limit",
        "limit_amount",
        Kind.DECIMAL,
        form=Form(encode=lambda value: float(str(value))),
        write="terms.limit",
    ),
    Field("changed", "updated_at", Kind.TIMESTAMP),
    Field("etag", "version"),
)
RECORD = b'{"id": 7, "mail": "a@b.c", "address": {"city": "Ulm", "zip": "1"}, "changed": "%s", "etag": "W/5"}'
NOW = RECORD.replace(b"%s", SEEN.encode())
UPDATE, CREATE = Update("/people/{key}"), Create("/people")
READ = answer(body=NOW, ETag='"v5"')


def people(
    guard: str = "updated_at", update: Update = UPDATE, create: Create = CREATE, **options: Any
) -> Resource:
    lookup = {"email": "mail"}
    writer = RestWrites(update=update, create=create, **options)
    names = frozenset({"email", "city", "limit_amount"})
    return Resource(
        name="people",
        read=RestList("/people", PageNumber(size=1000), single=SingleRecord("/people/{key}"), lookup=lookup),
        key="source_id",
        fields=FIELDS,
        changes=Snapshot(),
        writes=Writes(writer, update=names, create=names, guard=guard, natural_key=("email",)),
    )


def update(guard: dict[str, object] | None = None, **after: object) -> Change:
    return Change("c-1", "7", "update", {}, after or {"city": "Bern"}, guard or {"updated_at": SEEN})


def create(number: int = 1, **after: object) -> Change:
    return Change(f"c-{number}", None, "create", {}, {"email": f"new{number}@b.c", **after}, {})


def write(resource: Resource, *script: bytes | str, changes: list[Change]) -> tuple[list[Outcome], list[Asked]]:
    assert resource.writes is not None
    with serving(*script) as wire:
        return resource.writes.writer.write(session_to(wire.url), resource, changes), wire.asked


def body_of(asked: Asked) -> object:
    return msgspec.json.decode(asked.body)


def test_an_update_is_a_patch_of_what_changed_at_its_places() -> None:
    (outcome,), (_, sent) = write(people(), READ, READ, changes=[update(city="Bern", limit_amount="2.50")])
    assert (outcome.end, outcome.key) == (End.CONFIRMED, "7")
    assert sent.line == "PATCH /people/7 HTTP/1.1"
    assert body_of(sent) == {"address": {"city": "Bern"}, "terms": {"limit": 2.5}}
    assert not {"if-match", "if-unmodified-since"} & set(sent.headers)


@pytest.mark.parametrize(
    ("precondition", "guard", "header"),
    [
        (IfMatchGuard(), "version", ("if-match", "W/5")),
        (IfMatchEtag(), "updated_at", ("if-match", '"v5"')),
        (IfUnmodifiedSince(), "updated_at", ("if-unmodified-since", "Sun, 01 Nov 2026 08:00:00 GMT")),
    ],
)
@pytest.mark.parametrize(("status", "end"), [(204, End.CONFIRMED), (412, End.CONFLICTED), (428, End.CONFLICTED)])
def test_a_precondition_lets_the_service_refuse_a_record_that_moved(
    precondition: Precondition, guard: str, header: tuple[str, str], *, status: int, end: End
) -> None:
    seen: dict[str, object] = {"version": "W/5", "updated_at": SEEN}
    resource = people(guard, replace(UPDATE, precondition=precondition))
    (outcome,), (_, sent) = write(resource, READ, answer(status, b""), changes=[update(seen)])
    assert outcome.end is end
    assert sent.headers[header[0]] == header[1]


def test_a_record_that_moved_before_the_look_is_never_sent() -> None:
    moved = answer(body=NOW.replace(b"08:00:00.25", b"09:00:00"))
    (outcome,), asked = write(people(), moved, changes=[update()])
    assert outcome.end is End.CONFLICTED
    assert [item.line for item in asked] == ["GET /people/7 HTTP/1.1"]


@pytest.mark.parametrize("precondition", [None, IfMatchEtag()])
def test_a_record_that_is_gone_is_a_conflict(precondition: Precondition | None) -> None:
    (outcome,), asked = write(
        people(update=replace(UPDATE, precondition=precondition)), answer(404), changes=[update()]
    )
    assert (outcome.end, len(asked)) == (End.CONFLICTED, 1)


def test_a_precondition_without_its_mark_is_never_sent_unguarded() -> None:
    bare = answer(body=NOW)
    (outcome,), asked = write(people(update=replace(UPDATE, precondition=IfMatchEtag())), bare, changes=[update()])
    assert (outcome.end, len(asked)) == (End.REJECTED, 1)


def test_a_put_carries_all_of_the_record_and_a_wrapper_lies_around_it() -> None:
    more = NOW.replace(b'"zip": "1"', b'"zip": "1", "region": "BW"')
    more = more[:-1] + b', "rate": 12.50, "tags": ["gold", {"since": 2019}], "note": null}'
    wrapped = answer(body=b'{"person": %s}' % more, ETag='"v5"')
    left_out = frozenset({"changed", "address.region", "nothing.here"})
    put = replace(UPDATE, method="PUT", left_out=left_out, precondition=IfMatchEtag())
    resource = people(update=put, wrapper="person")
    (outcome,), (_, sent) = write(resource, wrapped, wrapped, changes=[update()])
    assert outcome.end is End.CONFIRMED
    assert b'"rate":12.50' in sent.body
    assert body_of(sent) == {
        "person": {
            "id": 7,
            "mail": "a@b.c",
            "address": {"city": "Bern", "zip": "1"},
            "etag": "W/5",
            "rate": 12.5,
            "tags": ["gold", {"since": 2019}],
            "note": None,
        }
    }


def test_what_is_replaced_as_a_whole_is_read_at_its_own_address_and_not_from_a_list() -> None:
    resource = people(update=replace(UPDATE, method="PUT"))
    assert isinstance(resource.read, RestList)
    listed = replace(resource, read=replace(resource.read, single=None, lookup={"source_id": "id"}))
    (outcome,), asked = write(listed, READ, READ, changes=[update()])
    assert (outcome.end, asked[0].line) == (End.CONFIRMED, "GET /people/7 HTTP/1.1")


def test_a_record_that_cannot_be_read_whole_is_not_replaced() -> None:
    torn = answer(body=NOW.replace(b"a@b.c", b"a\xff@b.c"))
    (outcome,), asked = write(people(update=replace(UPDATE, method="PUT")), torn, changes=[update()])
    assert (outcome.end, len(asked)) == (End.REJECTED, 1)
    assert "cannot be read" in outcome.message


@pytest.mark.parametrize("wrong", [{"method": "PUT", "kept": frozenset({"a"})}, {"left_out": frozenset({"a"})}])
def test_a_declaration_that_a_method_does_not_look_at_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="PUT sends all"):
        replace(UPDATE, **wrong)


def test_a_document_that_is_replaced_as_a_whole_keeps_its_other_parts() -> None:
    resource = people(update=replace(UPDATE, kept=frozenset({"mail", "address"})))
    _, (_, sent) = write(resource, READ, READ, changes=[update()])
    assert body_of(sent) == {"address": {"city": "Bern", "zip": "1"}}


@pytest.mark.parametrize(
    ("made", "options"),
    [
        (answer(201, b'{"id": 9}'), {}),
        (answer(201, b'{"data": {"no": 9}}'), {"response": ResponsePaths(key="data.no")}),
        (answer(201, b"", Location="https://elsewhere.example/v1/people/9"), {"response": ResponsePaths(key="")}),
    ],
    ids=["body", "deep", "location"],
)
def test_a_create_gives_the_key_of_the_new_record(made: bytes, options: dict[str, Any]) -> None:
    resource = people(
        create=replace(CREATE, constants={"kind": "P"}), idempotency_header="Idempotency-Key", **options
    )
    (outcome,), (looked, sent) = write(resource, answer(body=b"[]"), made, changes=[create()])
    assert (outcome.end, outcome.key) == (End.CONFIRMED, "9")
    assert "mail=new1%40b.c" in looked.line
    assert (sent.line, sent.headers["idempotency-key"]) == ("POST /people HTTP/1.1", "c-1")
    assert body_of(sent) == {"kind": "P", "mail": "new1@b.c"}


def test_a_create_that_is_there_already_is_not_sent() -> None:
    there = answer(body=b"[" + NOW.replace(b"a@b.c", b"new1@b.c") + b"]")
    (outcome,), asked = write(people(), there, changes=[create()])
    assert (outcome.end, outcome.key) == (End.CONFIRMED, "7")
    assert {call.line.split()[0] for call in asked} == {"GET"}


PROBLEM = b'{"title": "Not unique", "detail": "somebody else is new1@b.c"}'
FIELD_ERRORS = b'{"mail": ["This address is taken."]}'


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(409, PROBLEM, "409: title: Not unique; detail: somebody else is …"), (400, FIELD_ERRORS, "taken.")],
)
def test_a_refused_create_is_rejected_in_the_services_words_and_holds_nothing_back(
    status: int, body: bytes, words: str
) -> None:
    none, made = answer(body=b"[]"), answer(201, b'{"id": 9}')
    outcomes, _ = write(people(), none, none, answer(status, body), made, changes=[create(1), create(2)])
    assert [item.end for item in outcomes] == [End.REJECTED, End.CONFIRMED]
    assert outcomes[0].message.endswith(words)


def test_a_refusal_under_200_is_one() -> None:
    no = answer(body=b'{"ok": false, "why": "closed"}')
    (outcome,), _ = write(people(response=ResponsePaths(done="ok", reason="why")), READ, no, changes=[update()])
    assert (outcome.end, outcome.message) == (End.REJECTED, "closed")


@pytest.mark.parametrize(
    "lost",
    [CLOSE, answer(500), answer(body=b"oops"), answer(202), answer(body=b'{"id": 8}')],
    ids=["cut", "error", "unreadable", "accepted", "another"],
)
def test_an_update_without_a_clear_answer_is_unknown_and_sent_once(lost: bytes | str) -> None:
    (outcome,), asked = write(people(), READ, lost, changes=[update()])
    assert (outcome.end, outcome.key) == (End.UNKNOWN, "7")
    assert [item.line.split()[0] for item in asked] == ["GET", "PATCH"]


@pytest.mark.parametrize(
    "lost", [CLOSE, answer(201, b"{}"), answer(202, b'{"id": 9}')], ids=["cut", "no key", "job"]
)
def test_a_create_without_a_clear_answer_is_unknown_and_sent_once(lost: bytes | str) -> None:
    (outcome,), asked = write(people(), answer(body=b"[]"), lost, changes=[create()])
    assert (outcome.end, outcome.key) == (End.UNKNOWN, None)
    assert [item.line.split()[0] for item in asked] == ["GET", "POST"]


def test_a_key_is_never_part_of_another_address() -> None:
    change = Change("c-1", "../admin?x=1", "update", {}, {"city": "Bern"}, {})
    _, asked = write(people(), answer(404), changes=[change])
    assert asked[0].line == "GET /people/..%2Fadmin%3Fx%3D1 HTTP/1.1"


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (RestWrites, "RestWrites writes nothing"),
        (lambda: Update("/people"), "write {key} where its key goes"),
        (lambda: Update("/people/{key}", method="GET"), "not by GET"),
        (lambda: Create("/people/{key}"), "has no key yet"),
    ],
)
def test_a_write_that_is_declared_wrongly_is_refused(declare: Callable[[], object], words: str) -> None:
    with pytest.raises(ContractError, match=re.escape(words)):
        declare()


def test_a_kind_of_change_that_is_not_declared_is_never_sent() -> None:
    with serving() as wire, pytest.raises(ContractError, match="people has a change of a kind"):
        RestWrites(create=CREATE).write(session_to(wire.url), people(), [update()])
    assert wire.asked == []


def test_a_service_that_only_creates_names_the_new_record_below_its_list() -> None:
    made = answer(201, b"", Location="/people/9")
    with serving(answer(body=b"[]"), made) as wire:
        writer = RestWrites(create=CREATE, response=ResponsePaths(key=""))
        (outcome,) = writer.write(session_to(wire.url), people(), [create()])
    assert (outcome.end, outcome.key) == (End.CONFIRMED, "9")
