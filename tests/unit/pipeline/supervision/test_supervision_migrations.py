"""Migrations give exactly the models' tables, once, on SQLite and as PostgreSQL's SQL."""

from __future__ import annotations

import datetime
import io
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from pipeline.registry.models import Holder, LineRecord, RegistryImport
from pipeline.supervision.engine import MIGRATIONS, open_engine, reading, upgrade, writing
from pipeline.supervision.number import next_number
from pipeline.supervision.tables import METADATA

NOW = datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.UTC)


def test_migrated_is_what_the_models_say(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    assert set(inspect(engine).get_table_names()) == {*METADATA.tables, "alembic_version"}


def test_upgrade_twice_keeps_rows(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    upgrade(engine)
    with writing(engine) as session:
        session.add(Holder(usci="91350100M000100Y43", name="甲"))
    upgrade(open_engine(tmp_path))
    with reading(engine) as session:
        assert session.scalars(select(Holder.name)).all() == ["甲"]


def test_two_starts_at_once(tmp_path: Path) -> None:
    problems: list[BaseException] = []

    def start() -> None:
        try:
            upgrade(open_engine(tmp_path))
        except BaseException as problem:  # noqa: BLE001 - handed to the test
            problems.append(problem)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []


def test_postgresql_gets_the_same_tables() -> None:
    out = io.StringIO()
    config = Config(output_buffer=out)
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("dialect", "postgresql")
    command.upgrade(config, "head", sql=True)
    sql = out.getvalue()
    assert all(f"CREATE TABLE {table} " in sql for table in METADATA.tables)


def test_foreign_keys_and_wal_are_on(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    with pytest.raises(IntegrityError), writing(engine) as session:
        session.add(LineRecord(line="X", holder_id=99, domestic=[], foreign=[], interfaces=[], vlans=[], mpls=[], purposes=[],
                               inspection="metadata"))


def test_a_raise_inside_writing_leaves_nothing(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    upgrade(engine)
    with pytest.raises(RuntimeError), writing(engine) as session:
        session.add(Holder(usci="91350100M000100Y43", name="甲"))
        session.flush()
        raise RuntimeError
    with reading(engine) as session:
        assert session.scalars(select(Holder)).all() == []


def test_moments_come_back_aware_and_naive_ones_are_refused(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    upgrade(engine)
    beijing = NOW.astimezone(datetime.timezone(datetime.timedelta(hours=8)))
    with writing(engine) as session:
        session.add(RegistryImport(at=beijing, actor="a", kind="lines", file="f", digest="d"))
    with reading(engine) as session:
        assert session.scalars(select(RegistryImport.at)).one() == NOW
    with pytest.raises(StatementError, match="without a zone"), writing(engine) as session:
        session.add(RegistryImport(at=NOW.replace(tzinfo=None), actor="a", kind="lines", file="f", digest="d"))


def test_writers_take_turns_and_numbers_have_no_twins(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    upgrade(engine)
    problems: list[BaseException] = []

    def add(k: int) -> None:
        try:
            for _ in range(5):
                with writing(engine) as session:
                    number = next_number(session, RegistryImport.file, "T", NOW.date())
                    session.add(RegistryImport(at=NOW, actor=str(k), kind="lines", file=number, digest="d"))
        except BaseException as problem:  # noqa: BLE001 - handed to the test
            problems.append(problem)

    threads = [threading.Thread(target=add, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with reading(engine) as session:
        numbers = session.scalars(select(RegistryImport.file)).all()
    assert problems == []
    assert sorted(numbers) == [f"T-20261123-{k:04d}" for k in range(1, 21)]


def test_the_number_after_9999(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    upgrade(engine)
    with writing(engine) as session:
        for number in ("T-20261123-9999", "T-20261123-10000", "T-20261122-20000"):
            session.add(RegistryImport(at=NOW, actor="a", kind="lines", file=number, digest="d"))
        assert next_number(session, RegistryImport.file, "T", NOW.date()) == "T-20261123-10001"
