"""Error numbers of the databases, sorted by what the caller should do.

A statement that surely did not take effect may be sent again; a write without a clear response may not.
"""

import re
from collections.abc import Iterator

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from concord.errors import (
    AuthenticationError,
    ConcordError,
    ConfigurationError,
    NetworkError,
    OutcomeUnknownError,
    RequestError,
    ServerError,
)
from concord.protocols.session.masking import masked, masked_of_any_record, without_values

# SQLSTATEs by themselves, vendors' numbers behind the name of their dialect.
LOGIN = {"28000", "28P01", "mssql 18456", "mysql 1045", "mysql 1698", "db2 30082"} | {
    "oracle 1017",
    "oracle 28000",
    "oracle 28001",
}
SETTINGS = {"3D000", "3F000", "42501", "42P01", "42703", "42704", "42S02", "42S22"} | {
    *("mssql 207", "mssql 208", "mssql 229", "mssql 4060"),
    *("mysql 1044", "mysql 1049", "mysql 1054", "mysql 1142", "mysql 1146"),
    *("oracle 904", "oracle 942", "oracle 1031"),
    *("db2 -551", "db2 -204", "db2 -206"),
}
LOCKED = {"40001", "40P01", "55P03", "57033", "57014", "mssql 1205", "mssql 1222", "mysql 1205", "mysql 1213"} | {
    *("mysql 1969", "mysql 3024"),
    *("oracle 54", "oracle 60", "oracle 30006"),
    *("db2 -911", "db2 -913"),
}
CROWDED = {"53300", "57P03", "mssql 927", "mssql 942", "mysql 1040", "mysql 1053", "mysql 1203", "mysql 1226"} | {
    *("oracle 18", "oracle 2391", "oracle 1033", "oracle 1034"),
    "db2 -1035",
}
FULL = {"53100", "53200", "mssql 9002", "mssql 1105", "oracle 1653", "oracle 1555", "db2 -964"}
RULES = {"P0001", "mssql 2601", "mssql 2627", "mssql 50000", "mysql 1062", "mysql 1264", "mysql 1366"} | {
    *("mysql 1406", "mysql 1644"),
    "oracle 1",
    "db2 -803",
}
RULE_CLASSES = ("22", "23", "44")
_WORDS = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "too many connections": "53300",
    "remaining connection slots": "53300",
    "login failed for user": "28000",
    "is starting up": "57P03",
    "database is locked": "55P03",
}
_STATE = re.compile(r"\bSQLSTATE[=: ]+([0-9A-Z]{5})\b")
_ODBC = re.compile(r"\((\d{2,6})\) \(SQL")
_ORACLE = re.compile(r"\bORA-(\d{5})\b")
_DB2 = re.compile(r"\bSQLCODE[=: ]+(-\d{3,5})\b|\bSQL(\d{4,5})[NC]\b")


def codes_of(error: BaseException, dialect: str) -> frozenset[str]:
    """The SQLSTATE and the vendor's numbers that a driver's error carries, wherever it carries them."""
    return frozenset(_codes(error, "db2" if dialect == "ibm_db_sa" else dialect.replace("mariadb", "mysql")))


def _codes(error: BaseException, dialect: str) -> Iterator[str]:
    if state := getattr(error, "sqlstate", None):
        yield str(state)
    for part in error.args:
        if isinstance(part, int):
            yield f"{dialect} {part}"
        elif isinstance(part, str) and re.fullmatch(r"[0-9A-Z]{5}", part):
            yield part
    text = str(error)
    yield from _STATE.findall(text)
    yield from (f"{dialect} {number}" for number in _ODBC.findall(text))
    yield from (f"oracle {int(number)}" for number in _ORACLE.findall(text))
    yield from (f"db2 {minus or int(plain)}" for minus, plain in _DB2.findall(text))
    lower = text.lower()
    yield from (code for words, code in _WORDS.items() if words in lower)


def is_locked(error: ConcordError) -> bool:
    """Whether another process was in the way, and the statement left no trace."""
    return bool(error.facts.get("is_locked"))


def as_ours(error: DBAPIError, *, dialect: str, name: str, is_write: bool) -> ConcordError:
    """The error of a statement, or of a connection that could not be opened (`is_write` False)."""
    codes = codes_of(error.orig or error, dialect)
    return _settled(error, codes, name) or _unsettled(error, codes, is_write=is_write)


def _settled(error: DBAPIError, codes: frozenset[str], name: str) -> ConcordError | None:
    """What is certain from the code: the statement was not carried out."""
    if codes & LOGIN:
        return AuthenticationError(
            f'The database refuses the login of connection "{name}"; correct its login and password in Airflow '
            "(Admin, Connections) before anything is run again, because many databases lock an account soon.",
            connection=name,
        )
    if codes & SETTINGS:
        return ConfigurationError(
            f"The database lacks something or does not allow it ({words_of(error)}); correct connection "
            f'"{name}", the rights of its login, or the declaration of the system.',
            connection=name,
        )
    if codes & RULES or any(code.startswith(RULE_CLASSES) and len(code) == 5 for code in codes):
        return RequestError(f"The database refuses the record: {words_of(error)}.")
    return _passing(codes, words_of(error))


def _passing(codes: frozenset[str], words: str) -> ConcordError | None:
    if codes & LOCKED:
        sentence = f"Another process was in the way ({words}); the statement left no trace, run it again."
        return ServerError(sentence, is_locked=True)
    if codes & CROWDED:
        return ServerError(f"The database takes no more connections now ({words}); try again later.")
    if codes & FULL:
        return ServerError(f"The database has no room left ({words}); tell its administrator.")
    return None


def _unsettled(error: DBAPIError, codes: frozenset[str], *, is_write: bool) -> ConcordError:
    if isinstance(error, (IntegrityError, DataError, ProgrammingError)) and not error.connection_invalidated:
        return RequestError(f"The database refuses the statement: {words_of(error)}.")
    if is_write:
        return OutcomeUnknownError(
            "A write was sent to the database and no clear response came back; "
            "read the record back before anything is sent again.",
            codes=sorted(codes),
        )
    return NetworkError(
        f"The database cannot be reached or broke off ({words_of(error)}); check the host of the connection, "
        "and that the database is up."
    )


def words_of(error: DBAPIError) -> str:
    """The database's own first line, without the values of the statement and of the rows that it was about."""
    said = [part for part in getattr(error.orig, "args", ()) if isinstance(part, str)]
    lines = (said[-1] if said else str(error.orig or error)).strip().splitlines()
    words = without_values(lines[0] if lines else "no reason given", [error.params])
    shown = masked_of_any_record(words, error.statement) if error.statement else masked(words)
    return shown.rstrip(".")
