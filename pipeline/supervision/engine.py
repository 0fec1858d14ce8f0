"""The supervision database: opened, brought up to date, read and written in whole transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session

FILE = "supervision.sqlite"
MIGRATIONS = Path(__file__).parent / "migrations"
_WRITERS = 0x6775616E6B6F75  # PostgreSQL advisory lock: supervision writers take turns, so that numbers have no holes and no twins


def open_engine(place: Path | str) -> Engine:
    """The database in the data directory `place`, or at a SQLAlchemy URL; not yet brought up to date."""
    if isinstance(place, Path):
        place.mkdir(parents=True, exist_ok=True)
        place = f"sqlite:///{place / FILE}"
    engine = create_engine(place)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions open too late (before the first write only); ours open by BEGIN below.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 10000", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes must hold the write lock from its start, or it fails when another one wrote between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def upgrade(engine: Engine) -> None:
    """Run the migrations that the database lacks; two processes that start at once take turns."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.execution_options(writes=True).begin() as connection:
        _take_turn(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads; objects stay usable after it."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session in one write transaction: all of it lands, or, when the block raises, nothing."""
    with Session(engine.execution_options(writes=True), expire_on_commit=False) as session, session.begin():
        _take_turn(session.connection())
        yield session


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS})
