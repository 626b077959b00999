"""Errors of PostgreSQL are reported in one sentence that says what to do."""

import re
import traceback

import psycopg
import pytest

from concord.errors import BatchError, ConcordError, ConfigurationError, NetworkError, ServerError
from concord.local.ports import choose_port
from concord.store.engine import Database, hide_values

RAISE = "do $$ begin raise exception 'as planned' using errcode = '{}'; end $$"


def fail(url: str, statement: str = "select 1") -> ConcordError:
    with pytest.raises(ConcordError) as caught, Database(url).transaction() as connection:
        connection.execute(statement.encode())
    return caught.value


def test_a_wrong_password_names_the_setting(database: str) -> None:
    error = fail(re.sub(r"(//[^:]+):[^@]+@", r"\1:wrong@", database))
    assert isinstance(error, ConfigurationError)
    assert "CONCORD_WAREHOUSE_URL" in error.message
    assert "wrong" not in error.message


def test_a_server_that_is_down_is_tried_again_later(database: str) -> None:
    error = fail(re.sub(r":\d+/", f":{choose_port()}/", database))
    assert isinstance(error, NetworkError)
    assert "see that it runs" in error.message


def test_an_unknown_database_is_named_as_such(database: str) -> None:
    error = fail(database.rsplit("/", 1)[0] + "/nowhere")
    assert isinstance(error, ConfigurationError)
    assert "nowhere" in error.message


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        pytest.param("53100", ServerError, "no disk space left; free some", id="disk full"),
        pytest.param("40001", ServerError, "run it again", id="serialization"),
        pytest.param("40P01", ServerError, "run it again", id="deadlock"),
        pytest.param("57014", ServerError, "run it again", id="statement timeout"),
        pytest.param("42501", ConfigurationError, "member of the concord roles", id="privilege"),
        pytest.param("23514", BatchError, "counts do not add up", id="counts"),
        pytest.param("22012", BatchError, "Nothing was kept", id="anything else"),
    ],
)
def test_errors_are_sorted_by_what_to_do(database: str, code: str, kind: type[ConcordError], says: str) -> None:
    error = fail(database, RAISE.format(code))
    assert type(error) is kind
    assert says in error.message


def test_a_warehouse_without_its_tables_says_migrate(empty_database: str) -> None:
    error = fail(empty_database, "select * from ops.batches")
    assert isinstance(error, ConfigurationError)
    assert "./concord migrate" in error.message


def swallow_an_error(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("create table kept (a int)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("select 1 / 0")


def test_a_commit_of_a_failed_transaction_is_no_success(database: str) -> None:
    with pytest.raises(BatchError, match="nothing of it was kept"):
        swallow_an_error(Database(database))
    with Database(database).transaction() as connection:
        assert connection.execute("select to_regclass('kept')").fetchone() == (None,)


def test_roles_have_only_what_they_need(database: str) -> None:
    for role, statement in (
        ("concord_reader", "select * from ops.dead_letters"),
        ("concord_transformer", "insert into ops.leases values ('a', 'b', 1, now())"),
        ("concord_loader", "select * from ops.changes"),
        ("concord_planner", "delete from ops.journal"),
    ):
        with pytest.raises(ConfigurationError), Database(database).transaction(role) as connection:
            connection.execute(statement.encode())


NAMED = [
    pytest.param("select 'Bruno \"B\" Gómez'::numeric", id="number"),
    pytest.param("select E'Bruno\\nGómez'::numeric", id="two lines"),
    pytest.param("select 'Bruno Gómez'::date", id="date"),
    pytest.param("select '{Gómez'::text[]", id="list"),
    pytest.param("select json '{\"name\": Gómez'", id="document"),
    pytest.param("select to_date('Gómez', 'YYYY')", id="pattern"),
    pytest.param("set timezone to 'Gómez'", id="time zone"),
    pytest.param("create temp table kept (a text unique); insert into kept values ('Gómez'), ('Gómez')", id="key"),
    pytest.param(
        "create temp table kept (a text, b int not null); insert into kept values ('Gómez')", id="detail"
    ),
    pytest.param("do $$ begin perform 'Gómez'::int; end $$", id="context"),
]


@pytest.mark.parametrize("statement", NAMED)
def test_an_error_quotes_no_value_of_a_row(database: str, statement: str) -> None:
    error = fail(database, statement)
    assert len(error.message) > 20
    told = "".join(traceback.format_exception(error))
    assert "Gómez" not in re.sub(r"(?m)^ {4}.*$", "", told)
    assert isinstance(error.__cause__, psycopg.Error)


def copy_row(database: Database, row: str) -> None:
    with database.transaction() as connection, connection.cursor() as cursor:
        cursor.execute("create temp table kept (name text, amount numeric)")
        with cursor.copy("copy kept from stdin") as copy:
            copy.write(row)


def test_a_copied_row_is_quoted_nowhere(database: str) -> None:
    with pytest.raises(ConcordError) as caught:
        copy_row(Database(database), "Bruno Gómez\tSecret Street 1\n")
    told = re.sub(r"(?m)^ {4}.*$", "", "".join(traceback.format_exception(caught.value)))
    assert "invalid input syntax for type numeric: …" in told
    assert not {word for word in ("Secret", "Gómez", "CONTEXT", "COPY") if word in told}


def test_what_a_sentence_names_apart_from_values_stays() -> None:
    assert (
        hide_values('invalid input syntax for type numeric: "Gómez"') == "invalid input syntax for type numeric: …"
    )
    assert hide_values('relation "raw.customers" does not exist') == 'relation "raw.customers" does not exist'
