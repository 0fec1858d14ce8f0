"""An insert killed between its token and its rows is forgotten at the next start, so that the same batch is taken again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.store.store import ChdbStore
from pipeline.store.unfinished import forget_unfinished

Start = Callable[[], ChdbStore]
TABLES = (
    "CREATE TABLE IF NOT EXISTS {} (month UInt32, n UInt64) ENGINE = {} PARTITION BY month ORDER BY month"
    " SETTINGS non_replicated_deduplication_window = 100"
)
VIEW = "CREATE MATERIALIZED VIEW IF NOT EXISTS roll TO sums AS SELECT month, sum(n) AS n FROM plain GROUP BY month"
COUNTS = "SELECT (SELECT count() FROM plain) AS rows, (SELECT sum(n) FROM plain) AS n, (SELECT sum(n) FROM sums) AS s"


def insert(store: ChdbStore, token: int, months: tuple[int, ...]) -> None:
    rows = {"month": pa.array(months, pa.uint32()), "n": pa.array([token] * len(months), pa.uint64())}
    store.insert("plain", pa.RecordBatch.from_pydict(rows), f"batch-{token}")


@pytest.fixture
def open_tables(tmp_path: Path) -> Iterator[Callable[[], ChdbStore]]:
    """Opens the store with its tables; closes it in the end, or no other test could open one."""
    opened: list[ChdbStore] = []

    def start() -> ChdbStore:
        store = ChdbStore(tmp_path)
        opened.append(store)
        store.command(TABLES.format("plain", "MergeTree"))
        store.command(TABLES.format("sums", "SummingMergeTree"))
        store.command(VIEW)
        return store

    yield start
    for store in opened:
        store.close()


def logs(data: Path) -> list[Path]:
    return sorted(path for path in (data / "store").rglob("deduplication_log_*.txt") if path.stat().st_size)


def kill_last(log: Path) -> None:
    """Leave the table as a kill does after the log's last line and before the part has its name."""
    part = log.read_text().splitlines()[-1].split("\t")[1]
    folder = log.parent.parent / part
    shutil.move(folder, folder.with_name(f"tmp_insert_{part}"))


@pytest.mark.parametrize("hit", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("months", [(202611,), (202610, 202611)])
def test_rows_that_a_kill_took_are_taken_again(tmp_path: Path, open_tables: Start, hit: tuple[int, ...], months: tuple[int, ...]) -> None:
    store = open_tables()
    for token in (1, 2, 3):
        insert(store, token, months)
    store.close()
    for which in hit:
        kill_last(logs(tmp_path)[which])
    store = open_tables()
    for token in (1, 2, 3):
        insert(store, token, months)
    n = len(months)
    assert store.query(COUNTS).to_pylist() == [{"rows": 3 * n, "n": 6 * n, "s": 6 * n}]


def test_a_line_cut_short_does_not_keep_the_store_from_opening(tmp_path: Path, open_tables: Start) -> None:
    store = open_tables()
    insert(store, 1, (202611,))
    store.close()
    for log in logs(tmp_path):
        with log.open("a") as lines:
            lines.write("1\t202611_2_2_0\t2026")
    store = open_tables()
    for token in (1, 2):
        insert(store, token, (202611,))
    assert store.query(COUNTS).to_pylist() == [{"rows": 2, "n": 3, "s": 3}]


def test_what_is_whole_stays(tmp_path: Path, open_tables: Start) -> None:
    store = open_tables()
    for token in range(1, 9):
        insert(store, token, (202611,))
    store.command("OPTIMIZE TABLE plain FINAL")  # merged parts cover the ones the log names
    store.close()
    before = [log.read_bytes() for log in logs(tmp_path)]
    assert forget_unfinished(tmp_path / "store") == 0
    assert [log.read_bytes() for log in logs(tmp_path)] == before
    assert forget_unfinished(tmp_path / "nothing") == 0
