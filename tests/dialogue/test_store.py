"""Whichever database it is in, a store keeps its promises; older ones are brought up to date."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, func, insert, make_url, select, text, update

from dialogue import ActionError, ConnectionLost, DialogueError
from dialogue.assistant import Assistant
from dialogue.databases import open_engine
from dialogue.seeds import Seed
from dialogue.store import Store, Turn, open_store
from dialogue.tables import (
    CATALOG,
    CHANGES,
    CONVERSATIONS,
    CUSTOMERS,
    METADATA,
    ORDER_LINES,
    ORDERS,
)
from tests.dialogue.caller import TODAY
from tests.dialogue.postgres import programs, server

Where = Path | str | None
NOON = datetime(2026, 11, 20, 12)
KINDS = ["memory", "file", pytest.param("postgresql", marks=pytest.mark.slow)]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    if (bin_ := programs()) is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    with server(bin_) as url:
        yield url


@pytest.fixture
def new_postgresql(postgresql: str) -> str:
    """An empty database."""
    engine = open_engine(postgresql, 1)
    with engine.connect() as connection:
        for command in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            connection.execute(text(command))
        connection.commit()
    engine.dispose()
    return postgresql


@pytest.fixture(params=KINDS)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("new_postgresql")
        return url
    return tmp_path / "shop.sqlite" if request.param == "file" else None


@pytest.fixture
def shop(where: Where, retail: Assistant) -> Iterator[Store]:
    opened = open_store(where, retail.seeds, TODAY)
    yield opened
    opened.close()


def status(store: Store, number: str = "15206") -> str:
    with store.reading() as connection:
        query = select(ORDERS.c.status).where(ORDERS.c.number == number)
        return str(connection.execute(query).scalar_one())


def lose(connection: Connection) -> None:
    connection.execute(update(ORDERS).where(ORDERS.c.number == "15206").values(status="lost"))


def test_sample_data_has_types(shop: Store) -> None:
    with shop.reading() as connection:
        order = connection.execute(select(ORDERS).where(ORDERS.c.number == "71446")).one()
        assert order.total == Decimal("71.90")
        assert order.refund == Decimal("35.95")
        assert order.delivered == date(2026, 11, 6)
        assert order.address is None
        customer = select(CUSTOMERS).where(CUSTOMERS.c.id == order.customer)
        assert connection.execute(customer).one().birth_date == date(1981, 10, 27)
        total = select(func.sum(ORDER_LINES.c.price * ORDER_LINES.c.quantity))
        lines = total.where(ORDER_LINES.c.order_number == "71446")
        assert Decimal(str(connection.execute(lines).scalar_one())) == order.total


def test_an_order_costs_what_its_lines_do(shop: Store) -> None:
    with shop.reading() as connection:
        totals = dict(connection.execute(select(ORDERS.c.number, ORDERS.c.total)).all())
        lines = connection.execute(select(ORDER_LINES)).all()
    for number, total in totals.items():
        assert total == sum(each.price * each.quantity for each in lines
                            if each.order_number == number)  # fmt: skip


def test_a_reader_cannot_write(shop: Store) -> None:
    with pytest.raises(ActionError, match=r"read-?only"), shop.reading() as connection:
        lose(connection)
    assert status(shop) == "processing"
    with shop.writing() as connection:  # the same connection, perhaps
        lose(connection)
    assert status(shop) == "lost"


def test_a_change_that_raises_leaves_nothing_behind(shop: Store) -> None:
    def half(connection: Connection) -> None:
        lose(connection)
        raise ActionError("the other half failed")

    with pytest.raises(ActionError, match="the other half failed"):
        shop.change("call-1 3", "half", NOON, half)
    assert status(shop) == "processing"
    shop.change("call-1 3", "whole", NOON, lose)
    assert status(shop) == "lost"


def test_a_change_is_made_once_under_its_key(shop: Store) -> None:
    def one_less(connection: Connection) -> None:
        connection.execute(update(CATALOG).values(stock=CATALOG.c.stock - 1)
                           .where(CATALOG.c.name == "kettle"))  # fmt: skip

    for key in ("call-1 3", "call-1 3", "call-1 5"):
        shop.change(key, "one_less", NOON, one_less)
    with shop.reading() as connection:
        query = select(CATALOG.c.stock).where(CATALOG.c.name == "kettle")
        assert connection.execute(query).scalar_one() == 22
        assert connection.execute(select(CHANGES.c.key)).scalars().all() == [
            "call-1 3",
            "call-1 5",
        ]


@pytest.mark.parametrize(
    "broken",
    [
        insert(ORDERS).values(number="1", status="processing", customer="nobody"),
        update(CATALOG).values(stock=-1),
        insert(ORDERS).values(number="15206", status="processing"),
    ],
    ids=["no such customer", "less than nothing", "twice"],
)
def test_what_cannot_be_is_refused(shop: Store, broken: object) -> None:
    with pytest.raises(ActionError, match=r"(?i)constraint"), shop.writing() as connection:
        connection.execute(broken)  # type: ignore[call-overload]


def test_history_is_kept_by_conversation(shop: Store) -> None:
    first = Turn("call-1", "2026-11-20T14:00:00", "assistant", "Hello.")
    second = Turn("call-1", "2026-11-20T14:00:05", "caller", "where is my order", "order_status")
    shop.remember([first])
    shop.remember([Turn("call-2", "2026-11-20T14:00:02", "assistant", "Hello."), second])
    assert shop.history("call-1") == [first, second]
    with shop.reading() as connection:
        query = select(CONVERSATIONS).where(CONVERSATIONS.c.call == "call-1")
        conversation = connection.execute(query).one()
    assert (conversation.last - conversation.began).seconds == 5


def test_a_change_waits_for_the_disk_though_the_history_before_it_did_not(shop: Store) -> None:
    def synchronous(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL

    shop.remember([Turn("call-1", "2026-11-20T14:00:00", "assistant", "Hello.")])
    shop.change("call-1 3", "look", NOON, synchronous)


def test_opened_again_it_has_what_it_had(where: Where, retail: Assistant) -> None:
    if where is None:
        pytest.skip("a database in memory is a new one each time")
    first = open_store(where, retail.seeds, TODAY)
    first.change("call-1 3", "lose", NOON, lose)
    with first.writing() as connection:
        connection.execute(text("DELETE FROM catalog"))
    first.close()
    again = open_store(where, retail.seeds, TODAY)
    again.change("call-1 3", "lose", NOON, lambda _: pytest.fail("made twice"))
    assert status(again) == "lost"
    with again.reading() as connection:
        assert connection.execute(select(func.count()).select_from(CATALOG)).scalar_one() == 0
    again.close()


def test_a_table_of_ones_own_and_columns_of_ones_own_are_texts(where: Where) -> None:
    own = Seed("parcels", ("id", "place"), (("1", "shelf 4"),))
    more = Seed("catalog", ("name", "price", "stock", "color"), (("lamp", "5.00", "2", "red"),))
    store = open_store(where, [own, more], TODAY)
    with store.reading() as connection:
        assert connection.execute(text("SELECT place FROM parcels")).scalar_one() == "shelf 4"
        row = connection.execute(text("SELECT color, stock FROM catalog")).one()
    assert tuple(row) == ("red", 2)
    store.close()


def test_migrations_come_to_the_tables_that_the_code_has(where: Where) -> None:
    store = open_store(where, [], TODAY)
    with store.writing() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert found == []
    store.close()


# a database of the version before: what its store made of the same CSV files

BEFORE = [
    "CREATE TABLE turns (id {serial} PRIMARY KEY, call VARCHAR NOT NULL, at VARCHAR NOT NULL,"
    " speaker VARCHAR NOT NULL, text VARCHAR NOT NULL, intent VARCHAR)",
    "CREATE INDEX ix_turns_call ON turns (call)",
    "CREATE TABLE orders (number VARCHAR NOT NULL PRIMARY KEY, status VARCHAR, items VARCHAR,"
    " total VARCHAR, ordered VARCHAR, expected VARCHAR, delivered VARCHAR, refund VARCHAR,"
    " refunded VARCHAR, gift VARCHAR)",
    "CREATE TABLE catalog (name VARCHAR NOT NULL PRIMARY KEY, price VARCHAR, stock VARCHAR,"
    " restock VARCHAR)",
    "CREATE TABLE parcels (id VARCHAR NOT NULL PRIMARY KEY, place VARCHAR)",
    "INSERT INTO turns VALUES (1, 'c1', '2026-03-03T10:30:00', 'assistant', 'Hello.', NULL),"
    " (2, 'c1', '2026-03-03T10:30:09', 'caller', 'it''s 15213', 'order_status'),"
    " (3, 'c2', '2026-03-04T09:00:00', 'assistant', 'Hello.', NULL)",
    "INSERT INTO orders VALUES"
    " ('15213', 'shipped', 'a kettle', '49.00', '2026-02-28', '2026-03-05', '', '', '', 'yes'),"
    " ('71446', 'returned', 'two pans', '71.9', '2026-02-10', '', '2026-02-17', '35.95',"
    " '2026-03-01', '')",
    "INSERT INTO catalog VALUES ('kettle', '49.00', '24', ''), ('mop', '9', '0', '2026-04-01')",
    "INSERT INTO parcels VALUES ('1', 'shelf 4')",
]


@pytest.fixture(params=KINDS[1:])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A file, or a URL, whose tables are those of the version before."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("new_postgresql")
        engine = create_engine(make_url(url).set(drivername="postgresql+pg8000"))
        serial = "SERIAL"
    else:
        url = ""
        engine = create_engine(f"sqlite:///{tmp_path}/old.sqlite")
        serial = "INTEGER NOT NULL"
    with engine.begin() as connection:
        for command in BEFORE:
            connection.execute(text(command.format(serial=serial)))
    engine.dispose()
    return url or tmp_path / "old.sqlite"


def edit(where: Path | str, command: str) -> None:
    engine = open_engine(where, 1)
    with engine.connect() as connection:
        connection.execute(text(command))
        connection.commit()
    engine.dispose()


def test_a_database_of_the_version_before_loses_nothing(
    before: Path | str, retail: Assistant
) -> None:
    store = open_store(before, retail.seeds, TODAY)
    assert [(turn.at, turn.text, turn.intent) for turn in store.history("c1")] == [
        ("2026-03-03T10:30:00", "Hello.", None),
        ("2026-03-03T10:30:09", "it's 15213", "order_status"),
    ]
    store.remember([Turn("c2", "2026-03-04T09:00:07", "caller", "hello")])
    assert len(store.history("c2")) == 2
    with store.reading() as connection:
        orders = connection.execute(text("SELECT * FROM orders ORDER BY number")).mappings().all()
        typed = connection.execute(select(ORDERS).order_by(ORDERS.c.number)).all()
        mop = connection.execute(select(CATALOG).where(CATALOG.c.name == "mop")).one()
        place = connection.execute(text("SELECT place FROM parcels")).scalar_one()
        customers = connection.execute(select(CUSTOMERS)).all()
        assert compare_metadata_less(connection, {"parcels", "gift"}) == []
    assert [order["gift"] for order in orders] == ["yes", ""]
    assert [order.total for order in typed] == [Decimal("49.00"), Decimal("71.90")]
    assert (typed[0].expected, typed[1].expected) == (date(2026, 3, 5), None)
    assert (typed[0].items, typed[1].refund) == ("a kettle", Decimal("35.95"))
    assert (mop.price, mop.stock, mop.restock) == (Decimal("9.00"), 0, date(2026, 4, 1))
    assert place == "shelf 4"
    assert customers == []  # the orders are the business's own: no sample customers among them
    store.close()


def compare_metadata_less(connection: Connection, own: set[str]) -> list[object]:
    """Differences from the code's tables, but for these tables and columns."""

    def ours(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
        return not (kind in {"table", "column"} and name in own)

    options = {"include_object": ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("UPDATE orders SET total = 'much' WHERE number = '15213'", "'much' of orders 15213 is no"),
        ("UPDATE orders SET expected = 'soon'", "is no expected; correct it first"),
        ("UPDATE catalog SET price = '' WHERE name = 'mop'", "'' of catalog mop is no price"),
        ("ALTER TABLE orders RENAME COLUMN status TO state", "its table orders has no status"),
    ],
)
def test_a_database_that_does_not_fit_stays_as_it_is(
    before: Path | str, retail: Assistant, spoil: str, told: str
) -> None:
    edit(before, spoil)
    for _ in range(2):  # the same again: nothing was half migrated
        with pytest.raises(DialogueError, match=told) as error:
            open_store(before, retail.seeds, TODAY)
        assert "\n" not in str(error.value)
    edit(before, "INSERT INTO turns VALUES (4, 'c3', '', '', '', NULL)")


def test_another_programs_database_is_left_alone(where: Where, retail: Assistant) -> None:
    if where is None:
        pytest.skip("nobody else's")
    if isinstance(where, Path):
        sqlite3.connect(where).close()
    edit(where, "CREATE TABLE customers (id INTEGER)") if isinstance(where, str) else (
        sqlite3.connect(where).execute("CREATE TABLE customers (id INTEGER)")
    )
    with pytest.raises(DialogueError, match="it holds another program's tables"):
        open_store(where, retail.seeds, TODAY)


# a server


@pytest.fixture
def on_server(new_postgresql: str, retail: Assistant) -> Iterator[Store]:
    opened = open_store(new_postgresql, retail.seeds, TODAY, lock_seconds=0.05)
    yield opened
    opened.close()


def cut(connection: Connection, url: str) -> None:
    """End the server's side of a connection."""
    pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    edit(url, f"SELECT pg_terminate_backend({pid})")


@pytest.mark.slow
def test_a_connection_that_is_lost_is_made_anew_and_the_change_is_made_once(
    on_server: Store, new_postgresql: str
) -> None:
    tries: list[str] = []

    def make(connection: Connection) -> None:
        if not tries:
            cut(connection, new_postgresql)
        tries.append("a try")
        lose(connection)

    on_server.change("call-1 3", "lose", NOON, make)
    assert (len(tries), status(on_server)) == (2, "lost")


@pytest.mark.slow
def test_a_server_that_is_gone_is_one_error(on_server: Store, new_postgresql: str) -> None:
    def always(connection: Connection) -> None:
        cut(connection, new_postgresql)
        lose(connection)

    with pytest.raises(ConnectionLost):
        on_server.change("call-1 3", "lose", NOON, always)
    assert status(on_server) == "processing"


@pytest.mark.slow
def test_a_row_that_another_writes_is_not_waited_for_long(
    on_server: Store, new_postgresql: str
) -> None:
    other = open_engine(new_postgresql, 1)
    with other.connect() as connection:
        lose(connection)
        with pytest.raises(ActionError, match="lock timeout"):
            on_server.change("call-1 3", "lose", NOON, lose)
    other.dispose()
    assert status(on_server) == "processing"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://shop@localhost/shop", "begins with postgresql://, not with mysql:"),
        ("shop.sqlite", "begins with postgresql://"),
        ("postgresql://shop:secret@127.0.0.1:1/shop", "cannot be opened"),
        ("postgresql://shop:secret@127.0.0.1:one/shop", "cannot be read"),
    ],
)
def test_a_url_that_leads_nowhere_is_one_line_without_its_password(url: str, told: str) -> None:
    with pytest.raises(DialogueError, match=told) as error:
        open_store(url, [], TODAY)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)
