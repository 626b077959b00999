"""How databases are connected to, when they may be read, how they write times, and what their errors mean."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from concord.errors import (
    AuthenticationError,
    ConcordError,
    ConfigurationError,
    NetworkError,
    OutcomeUnknownError,
    RequestError,
    ServerError,
)
from concord.protocols.sql.dialects import address_of, new_engine
from concord.protocols.sql.hours import seconds_until_open
from concord.protocols.sql.stamps import Digits, Moment
from concord.protocols.sql.trouble import as_ours
from concord.protocols.sql.values import AS_CENTURY_DATE, AS_DIGITS, plain
from concord.settings import Connection, connection_from_parts

BERLIN = ZoneInfo("Europe/Berlin")
DIGITS = Digits("upddt", "updtm")


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({"host": "postgresql://db:5432/shop"}, "postgresql://db:5432/shop"),
        ({"host": "mssql+pyodbc://db/shop?driver=X", "port": 1433}, "mssql+pyodbc://db:1433/shop?driver=X"),
        ({"host": "db", "conn_type": "postgres", "port": 5432, "schema": "shop"}, "postgresql://db:5432/shop"),
        ({"host": "db", "conn_type": "mysql", "schema": "shop"}, "mysql+pymysql://db/shop"),
        ({"host": "db", "conn_type": "db2+ibm_db", "schema": "shop"}, "db2+ibm_db://db/shop"),
        ({"host": "api.example.com", "conn_type": "http"}, "https://api.example.com"),
        ({"host": "https://api.example.com/", "conn_type": "http"}, "https://api.example.com"),
    ],
    ids=["address", "address and port", "postgres", "mysql", "other dialect", "host", "web address"],
)
def test_a_connection_of_airflow_becomes_an_address(parts: dict[str, object], url: str) -> None:
    assert connection_from_parts("old", parts).url == url


def test_the_login_is_part_of_the_address_that_is_dialled_only() -> None:
    connection = Connection("old", "postgresql://db/shop", "batch", "p@ss/word")
    address = address_of(connection)
    assert (address.username, address.password, address.database) == ("batch", "p@ss/word", "shop")
    assert "p@ss" not in str(address)


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("mysql+cymysql://db/shop", "cymysql"),
        ("mssql+pyodbc://db/shop", "pyodbc"),
        ("oracle+oracledb://db/shop", "oracledb"),
        ("db2+ibm_db://db/shop", "ibm_db_sa"),
    ],
)
def test_a_driver_that_is_not_installed_is_named(url: str, package: str) -> None:
    with pytest.raises(ConfigurationError, match=f"pip install {package}"):
        new_engine(Connection("old", url))


def test_what_is_no_address_is_refused_with_an_example() -> None:
    with pytest.raises(ConfigurationError, match=r"write it as postgresql://"):
        new_engine(Connection("old", "the old server"))


@pytest.mark.parametrize(
    ("span", "clock", "seconds"),
    [
        ("22:00-05:00", "23:30", 0),
        ("22:00-05:00", "04:59", 0),
        ("22:00-05:00", "05:00", 17 * 3600),
        ("22:00-05:00", "21:59", 60),
        ("01:30-04:00", "01:30", 0),
        ("01:30-04:00", "04:00", 21.5 * 3600),
        ("00:00-24:00", "12:00", 0),
    ],
)
def test_the_batch_window_says_how_long_to_wait(span: str, clock: str, seconds: float) -> None:
    now = datetime.fromisoformat(f"2026-11-02T{clock}:00+01:00")
    assert seconds_until_open(span, now) == seconds


def test_hours_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="22:00-05:00"):
        seconds_until_open("at night", datetime.now(UTC))


def test_numbers_are_read_and_written_as_moments() -> None:
    moment = datetime(2026, 11, 2, 8, 14, 31, tzinfo=UTC)
    assert DIGITS.write(moment, BERLIN) == (1261102, 91431)
    assert DIGITS.read((Decimal(1261102), Decimal(91431)), BERLIN) == moment
    assert Digits("d", "t", has_century_digit=False).write(moment, BERLIN) == (20261102, 91431)
    assert DIGITS.read((961231, 235959), UTC) == datetime(1996, 12, 31, 23, 59, 59, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [(0, 0), (1261399, 0), (999999999, 999999), (1261102, 240000), (None, None)])
def test_stand_ins_for_never_are_no_moment(values: tuple[object, ...]) -> None:
    assert DIGITS.read(values, BERLIN) is None


def test_the_overlap_covers_the_hour_that_comes_twice() -> None:
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    told = DIGITS.read(DIGITS.write(second_pass, BERLIN), BERLIN)
    assert told == second_pass - timedelta(hours=1)
    assert DIGITS.write(second_pass - timedelta(hours=2), BERLIN) < DIGITS.write(second_pass, BERLIN)


def test_local_moments_are_read_in_the_zone_of_the_database() -> None:
    moment = datetime(2026, 7, 1, 10, tzinfo=UTC)
    (told,) = Moment("chgts").write(moment, BERLIN)
    assert told == datetime(2026, 7, 1, 12)  # noqa: DTZ001  # as the column holds it
    assert Moment("chgts").read((told,), BERLIN) == moment
    assert Moment("chgts", is_aware=True).write(moment, BERLIN) == (moment,)
    assert Moment("chgts").read((None,), BERLIN) is None


class ForeignError(Exception):
    """What a driver raises."""

    sqlstate: str | None = None


def foreign(*arguments: object, sqlstate: str | None = None) -> ForeignError:
    error = ForeignError(*arguments)
    error.sqlstate = sqlstate
    return error


@pytest.mark.parametrize(
    ("dialect", "error", "kind"),
    [
        ("postgresql", foreign("boom", sqlstate="28P01"), AuthenticationError),
        (
            "mssql",
            foreign("28000", "[28000] [Microsoft] Login failed. (18456) (SQLDriverConnect)"),
            AuthenticationError,
        ),
        ("mysql", foreign(1045, "Access denied"), AuthenticationError),
        ("oracle", foreign("ORA-28000: the account is locked"), AuthenticationError),
        ("ibm_db_sa", foreign("SQL30082N  Security processing failed. SQLSTATE=08001"), AuthenticationError),
        ("mssql", foreign("40001", "[40001] deadlock victim (1205) (SQLExecDirectW)"), ServerError),
        ("mysql", foreign(1213, "Deadlock found"), ServerError),
        ("mysql", foreign(1205, "Lock wait timeout exceeded"), ServerError),
        ("oracle", foreign("ORA-00060: deadlock detected"), ServerError),
        ("ibm_db_sa", foreign("SQL0911N rolled back. SQLSTATE=40001 SQLCODE=-911"), ServerError),
        ("postgresql", foreign("boom", sqlstate="57014"), ServerError),
        ("postgresql", foreign("boom", sqlstate="53300"), ServerError),
        ("mssql", foreign("HY000", "[HY000] log full (9002) (SQLExecDirectW)"), ServerError),
        ("mysql", foreign(1406, "Data too long"), RequestError),
        ("oracle", foreign("ORA-00001: unique constraint violated"), RequestError),
        ("postgresql", foreign("boom", sqlstate="22001"), RequestError),
        ("postgresql", foreign("boom", sqlstate="42501"), ConfigurationError),
        ("mysql", foreign(1146, "Table doesn't exist"), ConfigurationError),
        ("mysql", foreign(2013, "Lost connection to server during query"), OutcomeUnknownError),
        ("oracle", foreign("ORA-03113: end-of-file on communication channel"), OutcomeUnknownError),
        ("db2", foreign("nobody knows"), OutcomeUnknownError),
    ],
    ids=lambda value: getattr(value, "__name__", str(value))[:40],
)
def test_each_database_s_own_numbers_are_understood(
    dialect: str, error: ForeignError, kind: type[ConcordError]
) -> None:
    found = as_ours(OperationalError(None, None, error), dialect=dialect, name="old", is_write=True)
    assert type(found) is kind


def test_a_read_whose_answer_is_lost_may_be_asked_again() -> None:
    error = OperationalError(None, None, foreign(2013, "Lost connection"))
    assert type(as_ours(error, dialect="mysql", name="old", is_write=False)) is NetworkError


def test_a_refusal_without_a_known_number_is_a_refusal() -> None:
    error: DBAPIError = IntegrityError(None, None, foreign("no such parent"))
    assert type(as_ours(error, dialect="sqlite", name="old", is_write=True)) is RequestError


def test_values_of_drivers_become_json() -> None:
    assert plain(Decimal("2.000")) == "2.000"
    assert plain(Decimal("1E+3")) == "1000"
    assert plain("MUELLER   ") == "MUELLER"
    assert plain(b"\x00\x07\xd0") == "0007d0"
    assert plain(datetime(2026, 11, 2, 9)) == "2026-11-02T09:00:00"  # noqa: DTZ001  # local, as it is kept
    assert plain(None) is None


def test_digits_and_dates_are_written_as_the_columns_take_them() -> None:
    assert AS_DIGITS.encode("+49 30 1234567") == Decimal(49301234567)
    assert AS_DIGITS.encode(None) == Decimal(0)
    assert AS_CENTURY_DATE.encode("2026-11-02") == 1261102
    with pytest.raises(ValueError, match="digits"):
        AS_DIGITS.encode("call me")
