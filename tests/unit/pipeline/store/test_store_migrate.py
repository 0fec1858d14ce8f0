"""Migrations: once each, whole even when killed in the middle, never changed behind the store's back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.schema import RECORDS
from pipeline.store.migrate import BESIDE, VERSIONS, Migration, migrate, migrations, run_file, statements
from pipeline.store.store import ChdbStore
from tests.store_sums import BY_HOUR

TABLES = "SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name"


class Doomed:
    """A store whose process dies before, or just after, its n-th statement."""

    def __init__(self, store: ChdbStore, left: int, after: bool) -> None:
        self._store, self._left, self._after = store, left, after

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        return self._store.query(sql, parameters)

    def command(self, sql: str) -> None:
        self._do(lambda: self._store.command(sql))

    def insert(self, table: str, batch: pa.RecordBatch, token: str) -> None:
        self._do(lambda: self._store.insert(table, batch, token))

    def _do(self, act: object) -> None:
        assert callable(act)
        self._left -= 1
        if self._left or self._after:
            act()
        if not self._left:
            raise InterruptedError


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[ChdbStore]:
    """An engine without tables."""
    store = ChdbStore(tmp_path / "bare")
    yield store
    store.close()


def test_nobody_waits_for_what_is_built_over_rows_that_are_there(bare: ChdbStore) -> None:
    """Over months of flows that takes longer than a connection lasts; here it is held up."""
    migrate(bare)
    bare.command("INSERT INTO flows (first, line, flow_id) SELECT now64(9), 'L', number FROM numbers(100)")
    bare.command("SYSTEM STOP MERGES flows")
    again = Migration("9999_again.sql", "ALTER TABLE flows MATERIALIZE INDEX by_end, MATERIALIZE INDEX by_letters;", "")
    run_file(bare, again, replicated=False)
    left = "SELECT count() AS left FROM system.mutations WHERE NOT is_done"
    assert bare.query(left).to_pylist()[0]["left"] == 2
    bare.command("SYSTEM START MERGES flows")


def test_an_index_that_is_still_being_built_can_go(bare: ChdbStore) -> None:
    """The store refuses to drop it. Two migrations after each other over months of flows: the first one's building is held up here."""
    files = migrations()
    bare.command(VERSIONS)
    for one in files[:5]:
        run_file(bare, one, replicated=False)
    bare.command("INSERT INTO flows (first, line, flow_id, server_names) SELECT now64(9), 'L', number, ['a-b.example'] FROM numbers(100)")
    *inverted, built = statements(files[5].text)
    for statement in inverted:
        bare.command(statement)
    bare.command("SYSTEM STOP MERGES flows")
    bare.command(f"{built} {BESIDE}")
    letters = statements(files[6].text)
    with pytest.raises(RuntimeError, match="not finished yet"):
        bare.command(letters[1])
    bare.command(letters[0])
    bare.command("SYSTEM START MERGES flows")
    for statement in letters[1:-1]:
        bare.command(statement)
    bare.command(f"{letters[-1]} SETTINGS mutations_sync = 1")
    parts = "SELECT countIf(secondary_indices_compressed_bytes > 0) = count() AS built FROM system.parts WHERE table = 'flows' AND active"
    assert bare.query(parts).to_pylist() == [{"built": 1}]


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_statement_the_next_start_finishes(bare: ChdbStore, after: bool) -> None:
    migrate(bare)
    whole = bare.query(TABLES)
    for left in range(1, 60):
        bare.command("DROP DATABASE guankou SYNC")
        bare.command("CREATE DATABASE guankou")
        bare.command("USE guankou")
        try:
            migrate(Doomed(bare, left, after))
        except InterruptedError:
            migrate(bare)
            assert migrate(bare) == []
            assert bare.query(TABLES) == whole
        else:
            assert left > 10
            break
    else:
        pytest.fail("a migration of 60 statements: let the test go further")


def test_a_file_changed_after_it_was_run_is_refused(store: ChdbStore) -> None:
    store.command("ALTER TABLE migrations UPDATE checksum = 'other' WHERE 1 SETTINGS mutations_sync = 2")
    with pytest.raises(RuntimeError, match="0001_records.sql has been changed"):
        migrate(store)


def test_a_store_of_a_newer_version_is_refused(store: ChdbStore) -> None:
    store.command("INSERT INTO migrations (number, name, checksum) VALUES (9999, '9999_future.sql', '')")
    with pytest.raises(RuntimeError, match="9999_future.sql"):
        migrate(store)


def test_columns_are_those_of_the_records(store: ChdbStore) -> None:
    for record in RECORDS:
        columns = {row["name"]: row["type"] for row in store.query(f"DESCRIBE TABLE {record.name}").to_pylist()}
        assert list(columns)[: len(record.fields)] == [field.name for field in record.fields]
        assert [columns[field.name] for field in record.fields] == [field.clickhouse for field in record.fields]
        assert set(columns) - {field.name for field in record.fields} <= {"ingested"}


def test_every_table_of_rows_keeps_a_window_of_tokens_and_a_term(store: ChdbStore) -> None:
    made = store.query("SELECT name, create_table_query AS sql FROM system.tables WHERE database = currentDatabase()").to_pylist()
    sql = {row["name"]: row["sql"] for row in made}
    for record in RECORDS:
        if record.name == "subjects":
            assert re.search(r"ENGINE = `?Null\b", sql["subjects"])  # tokens are never written down
        else:
            assert "non_replicated_deduplication_window = 10000" in sql[record.name]
            assert "TTL" in sql[record.name]


def test_sums_by_hour_are_answered_by_the_projection_and_follow_the_flows(store: ChdbStore) -> None:
    """Also when rows come to their term: by then they have been merged with others that stay."""

    def answered(sql: str) -> bool:
        return any("by_hour" in row["explain"] for row in store.query(f"EXPLAIN {sql}").to_pylist())

    more = "flow_id, line, octets_out, first, ingested"
    first = "toDateTime64('2026-01-01 00:00:00', 9, 'UTC') + number"
    store.command(f"INSERT INTO flows ({more}) SELECT number, 'L', 5, {first}, now64(3) FROM numbers(5000)")
    store.command(f"INSERT INTO flows ({more}) SELECT number, 'L', 7, {first}, now64(3) - INTERVAL 2 MONTH FROM numbers(1000)")
    store.command("OPTIMIZE TABLE flows FINAL")
    assert answered(BY_HOUR) and not answered("SELECT vlan, count() FROM flows GROUP BY vlan")
    assert store.query(BY_HOUR).to_pylist() == [{"n": 6000, "o": 32_000, "i": 0, "f": 0}]
    store.command("ALTER TABLE flows MODIFY TTL toDateTime(ingested) + INTERVAL 1 MONTH SETTINGS mutations_sync = 2")
    store.command("OPTIMIZE TABLE flows FINAL")
    assert store.query("SELECT sum(octets_out) AS o FROM flows WHERE vlan = 0").to_pylist() == [{"o": 25_000}]
    assert store.query(BY_HOUR).to_pylist() == [{"n": 5000, "o": 25_000, "i": 0, "f": 0}]


def test_statements_end_at_semicolons_at_a_lines_end() -> None:
    assert statements("-- why;\nCREATE TABLE a (b String DEFAULT ';')\nENGINE = Null;\n\nCREATE TABLE c;\n") == [
        "CREATE TABLE a (b String DEFAULT ';')\nENGINE = Null", "CREATE TABLE c"]
