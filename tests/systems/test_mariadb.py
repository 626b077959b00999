"""The old shop's declaration on a MariaDB, as it is: the same pages, guards and rules in another dialect."""

from collections.abc import Iterator
from contextlib import ExitStack

import pymysql
import pytest

from concord.contract import Change, End, Field, Level, Resource, Snapshot, Window
from concord.errors import AuthenticationError, ServerError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.sql.link import DatabaseLogin
from concord.protocols.sql.tables import SqlTable
from concord.registry import system
from concord.settings import Connection
from concord.stages.check.check_system import SystemCheck
from concord.testing.bench import RETRY_LIMITS, by_key, keys_of, read_all
from concord.testing.suite.test_reading import WHOLE, most_shared_stamp
from sandbox.vendors.legacy_sql.database import TIME_ZONE
from sandbox.world import World
from tests.systems.mariadb_server import DATABASE, GUEST, PASSWORD, MariaDb, mariadb_server
from tests.systems.packages import NoServerError

CUSTOMERS, INBOX = (system("legacy_sql").resource(name) for name in ("customers", "inbox"))


@pytest.fixture(scope="module")
def shop(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    with ExitStack() as stack:
        try:
            yield stack.enter_context(mariadb_server(tmp_path_factory.mktemp("mariadb") / "server", world))
        except NoServerError as reason:
            pytest.skip(str(reason))


def session_to(shop: MariaDb, *, password: str = PASSWORD, scheme: str = "mysql", **extra: str) -> HttpSession:
    url = f"{scheme}+pymysql://127.0.0.1:{shop.port}/{DATABASE}"
    options = {"time_zone": TIME_ZONE, "lock_seconds": "1", **extra}
    connection = Connection("legacy_sql_default", url, GUEST, password, options)
    return HttpSession(connection, DatabaseLogin(), SessionSettings(retry_limits=RETRY_LIMITS))


def updates(shop: MariaDb, count: int, city: str) -> list[Change]:
    records = by_key(CUSTOMERS, read_all(session_to(shop), CUSTOMERS))
    chosen = [(key, record) for key, record in records.items() if not record["delcd"]][:count]
    return [
        Change(f"{city}-{key}", key, "update", {}, {"city": city}, {"version": int(record["verno"])})
        for key, record in chosen
    ]


def write(shop: MariaDb, resource: Resource, changes: list[Change]) -> list[End]:
    assert resource.writes is not None
    return [item.end for item in resource.writes.writer.write(session_to(shop), resource, changes)]


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
@pytest.mark.parametrize("resource", [CUSTOMERS, INBOX], ids=["customers", "inbox"])
def test_every_row_comes_once_and_windows_split_at_a_shared_stamp(
    shop: MariaDb, scheme: str, resource: Resource
) -> None:
    session = session_to(shop, scheme=scheme)
    whole = read_all(session, resource, WHOLE, size=17)
    (count,) = shop.ask(f"select count(*) from {resource.read.name}")  # type: ignore[attr-defined]
    assert len(whole) == len(set(keys_of(resource, whole))) == count > 20
    middle = most_shared_stamp("legacy_sql", resource, whole)
    left = read_all(session, resource, Window(WHOLE.start, middle))
    right = read_all(session, resource, Window(middle, WHOLE.end))
    assert right
    assert sorted(keys_of(resource, left + right)) == sorted(keys_of(resource, whole))


def test_an_update_holds_only_for_the_version_it_was_planned_on(shop: MariaDb) -> None:
    moved, other = updates(shop, 2, "BERN")
    shop.ask("update custmast set loypts = loypts + 1, verno = verno + 1 where cusno = %s", moved.key)
    assert write(shop, CUSTOMERS, [moved, other]) == [End.CONFLICTED, End.CONFIRMED]
    assert shop.ask("select cucity, updusr from custmast where cusno = %s", other.key) == ("BERN", "CONCORD")
    assert write(shop, CUSTOMERS, [other]) == [End.CONFLICTED]


def test_a_value_that_is_too_long_is_refused_alone(shop: MariaDb) -> None:
    bad, good = updates(shop, 2, "ULM")
    bad = Change(bad.change_id, bad.key, "update", {}, {"city": "U" * 60}, bad.guard)
    assert write(shop, CUSTOMERS, [bad, good]) == [End.REJECTED, End.CONFIRMED]


def test_a_message_sent_twice_is_in_the_inbox_once(shop: MariaDb) -> None:
    told = {"message_entity": "CUSTOMER", "entity_key": "0000104711", "message_text": "{}"}
    change = Change("0f3a77", None, "create", {}, told, {})
    assert write(shop, INBOX, [change, change]) == [End.CONFIRMED] * 2
    assert shop.ask("select count(*), min(sts) from inbox where msg_id = '0f3a77'") == (1, "N")


def test_a_row_that_somebody_holds_is_left_for_later_alone(shop: MariaDb) -> None:
    changes = updates(shop, 2, "JENA")
    with shop.owner() as program:
        program.cursor().execute("select * from custmast where cusno = %s for update", (changes[0].key,))
        assert write(shop, CUSTOMERS, changes) == [End.HELD, End.CONFIRMED]
    assert write(shop, CUSTOMERS, changes[:1]) == [End.CONFIRMED]


def test_a_statement_that_takes_too_long_is_ended(shop: MariaDb) -> None:
    shop.ask("create view slow as select cusno, sleep(3) as slept from custmast limit 1")
    fields = (CUSTOMERS.field("source_id"), Field("slept", "slept"))
    slow = Resource(name="slow", read=SqlTable("slow"), key="source_id", fields=fields, changes=Snapshot())
    with pytest.raises(ServerError, match="max_statement_time exceeded"):
        read_all(session_to(shop, statement_seconds="1"), slow)


def test_a_full_house_is_waited_for_and_a_wrong_password_is_tried_once(shop: MariaDb) -> None:
    guests = [
        pymysql.connect(host="127.0.0.1", port=shop.port, user=GUEST, password=PASSWORD, database=DATABASE)
        for _ in range(2)
    ]
    with pytest.raises(ServerError, match="takes no more connections"):
        read_all(session_to(shop), CUSTOMERS)
    for guest in guests:
        guest.close()
    with pytest.raises(AuthenticationError, match="lock an account"):
        read_all(session_to(shop, password="wrong"), CUSTOMERS)


def checked(shop: MariaDb, subject: str) -> list[tuple[Level, str]]:
    """What the check of the account says about a subject, and of which resource."""
    found = SystemCheck(session_to(shop), system("legacy_sql")).run()
    return [(item.level, item.resource) for item in found if item.subject == subject]


def altered(shop: MariaDb, subject: str, statement: str, back: str) -> list[tuple[Level, str]]:
    """The same while its owner has changed something."""
    shop.ask(statement)
    try:
        return checked(shop, subject)
    finally:
        shop.ask(back)


def test_a_server_that_is_not_strict_is_a_note(shop: MariaDb) -> None:
    mode = shop.ask("select @@global.sql_mode")[0]
    set_mode = "set global sql_mode = '{}'".format
    assert altered(shop, "strict mode", set_mode("STRICT_ALL_TABLES"), set_mode(mode)) == [(Level.OK, "")]
    assert altered(shop, "strict mode", set_mode(""), set_mode(mode)) == [(Level.NOTE, "")]


def test_a_table_that_lacks_letters_is_a_note(shop: MariaDb) -> None:
    convert = "alter table custmast convert to character set {}".format
    assert checked(shop, "characters") == []
    assert altered(shop, "characters", convert("latin1"), convert("utf8mb4")) == [(Level.NOTE, "customers")]


def test_a_key_without_case_is_a_note(shop: MariaDb) -> None:
    make = "alter table inbox modify msg_id varchar(64) collate {} not null".format
    keys = [(Level.NOTE, "customers"), (Level.NOTE, "inbox")]
    assert altered(shop, "collation", make("utf8mb4_bin"), make("utf8mb4_general_ci")) == keys[:1]
    assert checked(shop, "collation") == keys


@pytest.mark.parametrize(
    ("what", "failing"),
    [("insert", ["inbox"]), ("update", ["customers"]), ("insert, update", ["customers", "inbox"])],
)
def test_what_the_login_may_not_do_fails(shop: MariaDb, what: str, failing: list[str]) -> None:
    assert checked(shop, "privileges") == [(Level.OK, "customers"), (Level.OK, "inbox")]
    revoke, grant = f"revoke {what} on {DATABASE}.* from {GUEST}", f"grant {what} on {DATABASE}.* to {GUEST}"
    found = altered(shop, "privileges", revoke, grant)
    assert [name for level, name in found if level is Level.FAILS] == failing
