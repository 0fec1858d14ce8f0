"""The embedded store: values come through as they are, slow questions stall nobody, one process holds the folder."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.schema import FLOW, Record
from pipeline.store.store import ChdbStore, StoreBusyError, open_store
from tests.store_sums import BY_HOUR

NOON = datetime.datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=datetime.UTC)
AWKWARD = ("plain", "", "it's", "tab\there", "line\nbreak\r", "back\\slash\\n", "nul\0", "中文 %_", "{x:String}", "\\N", "' OR 1 = 1 --")
Put = Callable[[Record, list[dict[str, Any]]], None]


@pytest.mark.parametrize("text", AWKWARD)
def test_text_comes_back_as_it_went(store: ChdbStore, text: str) -> None:
    assert store.query("SELECT {text:String} AS text", {"text": text}).to_pylist() == [{"text": text}]


def test_lists_of_text_come_back_as_they_went(store: ChdbStore) -> None:
    assert store.query("SELECT {all:Array(String)} AS t", {"all": list(AWKWARD)}).to_pylist() == [{"t": list(AWKWARD)}]
    assert store.query("SELECT {none:Array(UInt64)} AS t", {"none": ()}).to_pylist() == [{"t": []}]
    assert store.query("SELECT {many:Array(UInt64)} AS t", {"many": [0, 2**64 - 1]}).to_pylist() == [{"t": [0, 2**64 - 1]}]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("UInt64", 2**64 - 1, 2**64 - 1),
        ("Int64", -(2**63), -(2**63)),
        ("Float64", 0.1, 0.1),
        ("Bool", True, True),
        ("Nullable(String)", None, None),
        ("DateTime64(6, 'UTC')", NOON, NOON),
        ("DateTime64(6, 'UTC')", NOON.astimezone(datetime.timezone(datetime.timedelta(hours=8))), NOON),
    ],
)
def test_values_come_back_as_they_went(store: ChdbStore, kind: str, value: object, expected: object) -> None:
    assert store.query(f"SELECT {{value:{kind}}} AS value", {"value": value}).to_pylist() == [{"value": expected}]


def test_a_time_without_zone_is_no_time(store: ChdbStore) -> None:
    with pytest.raises(ValueError, match="zone"):
        store.query("SELECT {at:DateTime64(6)} AS at", {"at": NOON.replace(tzinfo=None)})


def test_a_backslash_in_a_pattern_is_looked_for(store: ChdbStore, put: Put) -> None:
    put(FLOW, [{"flow_id": 1, "server_name": "a\\b"}, {"flow_id": 2, "server_name": "ab"}])
    found = store.query("SELECT flow_id FROM flows WHERE server_name LIKE {like:String}", {"like": "%\\\\%"})
    assert found.column(0).to_pylist() == [1]


@pytest.mark.parametrize("token", ["", "a'b", "a b", "a;b", "a\\b", "a\nb"])
def test_a_token_that_is_none_is_refused(store: ChdbStore, token: str) -> None:
    batch = store.query("SELECT 'flows' AS record, 'a' AS sensor").to_batches()[0]
    with pytest.raises(ValueError, match="token"):
        store.insert("batches", batch, token)


def test_the_same_token_again_adds_nothing_to_table_or_rollups(store: ChdbStore) -> None:
    rows = "SELECT toUInt64(number) AS flow_id, 'L' AS line, toUInt64(5) AS octets_out FROM numbers(3)"
    batch = store.query(rows).combine_chunks().to_batches()[0]
    for token in ("one", "one", "two", "one"):
        store.insert("flows", batch, token)
    assert store.query("SELECT count() AS n FROM flows").to_pylist() == [{"n": 6}]
    assert store.query(BY_HOUR).to_pylist() == [{"n": 6, "o": 30, "i": 0, "f": 0}]


RUNNING = "SELECT count() AS n FROM system.processes WHERE position(query, 'sleepEachRow') > 0 AND position(query, 'processes') = 0"
SLOW = "SELECT sum(sleepEachRow(0.5)) AS s FROM numbers(6)"


def test_a_slow_question_stalls_neither_another_nor_ingest(store: ChdbStore, put: Put) -> None:
    slow = threading.Thread(target=store.query, args=(SLOW,))
    slow.start()
    while store.query(RUNNING).to_pylist() == [{"n": 0}]:
        assert slow.is_alive()
    put(FLOW, [{"flow_id": 1}])
    assert store.query("SELECT count() AS n FROM flows").to_pylist() == [{"n": 1}]
    assert slow.is_alive()
    slow.join()


def test_a_question_without_end_is_given_up(tmp_path: Path) -> None:
    store = ChdbStore(tmp_path / "data", query_limit_s=1)
    with pytest.raises(RuntimeError, match="TIMEOUT_EXCEEDED"):
        store.query("SELECT sum(cityHash64(number)) AS s FROM numbers(1000000000000)")
    assert store.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    store.close()


def test_readers_and_a_writer_at_once_see_whole_batches(store: ChdbStore) -> None:
    batch = store.query("SELECT toUInt64(number) AS flow_id, toUInt64(1) AS octets_out FROM numbers(100)").combine_chunks().to_batches()[0]
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen = store.query("SELECT count() AS n FROM flows").to_pylist()[0]["n"]
            if seen % 100:
                wrong.append(seen)

    readers = [threading.Thread(target=read) for _ in range(6)]
    for reader in readers:
        reader.start()
    for number in range(50):
        store.insert("flows", batch, f"batch-{number}")
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert store.query(BY_HOUR).to_pylist() == [{"n": 5000, "o": 5000, "i": 0, "f": 0}]


def test_the_folder_belongs_to_one_process_that_is_named(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    ask = "import sys; from pathlib import Path; from pipeline.store.store import open_store; open_store(Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", ask, str(tmp_path / "data")], capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert f"process {os.getpid()} ({Path(sys.argv[0]).name}" in other.stderr.splitlines()[-1]
    with pytest.raises(StoreBusyError, match=str(os.getpid())):
        ChdbStore(tmp_path / "data")
    store.close()
    store.close()
    open_store(tmp_path / "data").close()


def test_a_closed_store_answers_nobody(tmp_path: Path) -> None:
    store = ChdbStore(tmp_path / "data")
    answers: list[int] = []

    def ask() -> None:
        answers.append(store.query("SELECT sum(sleepEachRow(0.2)) AS s FROM numbers(3)").num_rows)

    asking = threading.Thread(target=ask)
    asking.start()
    while store.query(RUNNING).to_pylist() == [{"n": 0}]:
        assert asking.is_alive()
    store.close()  # waits for what was asked
    asking.join()
    assert answers == [1]
    with pytest.raises(RuntimeError, match="closed"):
        store.query("SELECT 1")


def test_the_answer_after_a_stopped_question_is_whole(tmp_path: Path) -> None:
    """The engine keeps what a stopped question had begun to write, and a session gave it out before its next answer."""
    store = ChdbStore(tmp_path, readers=1)
    endless = "SELECT count() AS n FROM numbers(1000000000000) WHERE 'stop-me' != '' AND cityHash64(number) = 1"
    for _ in range(3):
        ended: list[str] = []

        def ask(ended: list[str] = ended) -> None:
            with pytest.raises(RuntimeError, match="QUERY_WAS_CANCELLED"):
                store.query(endless)
            ended.append("yes")

        asking = threading.Thread(target=ask)
        asking.start()
        while asking.is_alive():
            store.command("KILL QUERY WHERE position(query, 'stop-me') > 0 AND query NOT LIKE 'KILL%' ASYNC")
            asking.join(0.05)
        assert ended and store.query("SELECT number AS n FROM numbers(3)").column(0).to_pylist() == [0, 1, 2]
    store.close()
