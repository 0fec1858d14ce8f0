"""The demonstration's capture through sensor, outbox, ingest and store: counted, counted once, and nowhere in clear."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.ingest.ingest import Ingest
from pipeline.schema import RECORDS
from pipeline.store.store import ChdbStore, StoreBusyError, open_store
from sensor.command import replay_files
from sensor.settings import SensorSettings
from tests.store_sums import BY_HOUR

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "deploy" / "demo"
LINES = DEMO / "lines.toml"
END = "2026-11-23T15:00:00+08:00"
PERSONS = {  # line: (signature, made-up persons planted)
    "BJ-SIN-07": ("resident_id", 12_480), "BJ-FRA-02": ("resident_id", 6_480), "BJ-SJC-03": ("mobile", 3_000),
    "BJ-HKG-11": ("resident_id", 240), "BJ-TPE-06": ("passport", 86),
}


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.pcap"
    subprocess.run([sys.executable, str(DEMO / "capture.py"), str(path), "--end", END], check=True, capture_output=True)
    return path


def replay(capture: Path, data: Path) -> str:
    """Replay into `data`; what the terminal showed."""
    screen = Console(record=True, width=160, file=(data.parent / "screen.txt").open("w"))
    replay_files([capture], data, SensorSettings(flows=1 << 14), LINES, False, None, screen)
    return screen.export_text()


@pytest.fixture(scope="module")
def house(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ChdbStore, str]]:
    data = tmp_path_factory.mktemp("house") / "data"
    said = replay(capture, data)
    store = open_store(data)
    Ingest(data, store).run_all()
    yield data, store, said
    store.close()


def test_every_planted_person_is_counted(house: tuple[Path, ChdbStore, str]) -> None:
    rows = house[1].query(
        "SELECT line, signature, uniqCombined64Merge(17)(persons) AS persons FROM subject_ledger WHERE tier >= 2 GROUP BY line, signature"
    ).to_pylist()
    seen = {(row["line"], row["signature"]): row["persons"] for row in rows}
    for line, (signature, planted) in PERSONS.items():
        assert abs(seen[line, signature] - planted) <= max(1, planted * 0.01), line


def test_a_line_without_legal_basis_is_not_looked_into(house: tuple[Path, ChdbStore, str]) -> None:
    store = house[1]
    assert store.query("SELECT count() AS n FROM findings WHERE line = 'BJ-NRT-05'").to_pylist() == [{"n": 0}]
    assert store.query("SELECT count() AS n FROM flows WHERE line = 'BJ-NRT-05' AND server_name != ''").to_pylist() == [{"n": 0}]
    reasons = store.query("SELECT DISTINCT reason FROM coverage WHERE line = 'BJ-NRT-05' AND direction = 'out'").to_pylist()
    assert {row["reason"] for row in reasons} == {"wire", "headers", "skipped_policy"}


def test_octets_of_every_line_and_minute_have_a_reason(house: tuple[Path, ChdbStore, str]) -> None:
    off = house[1].query(
        "SELECT line, minute, sumIf(octets, reason = 'wire') - "
        "sumIf(octets, reason NOT IN ('wire', 'missed', 'kernel_lost', 'given_up')) AS off "
        "FROM coverage GROUP BY line, minute HAVING off != 0"
    )
    assert off.num_rows == 0
    assert house[1].query("SELECT sumIf(octets, reason = 'wire') AS n FROM coverage").to_pylist()[0]["n"] > 9_000_000


def test_the_same_file_again_counts_nothing_twice(house: tuple[Path, ChdbStore, str], capture: Path, tmp_path: Path) -> None:
    data, store, _ = house
    before = store.query("SELECT count() AS f, sum(octets_out) AS o FROM flows").to_pylist()
    other_name = tmp_path / "another-name.pcap"
    other_name.write_bytes(capture.read_bytes())
    replay(other_name, data)
    taken = Ingest(data, store).run_all()
    assert taken.batches == 0 and taken.repeated > 0
    assert store.query("SELECT count() AS f, sum(octets_out) AS o FROM flows").to_pylist() == before


def test_nothing_planted_stands_in_clear_anywhere(house: tuple[Path, ChdbStore, str]) -> None:
    sys.path.insert(0, str(DEMO))
    try:
        from people import make_persons
    finally:
        sys.path.remove(str(DEMO))
    data, _, said = house
    values = [v for seed, n in ((1, 40), (2, 40), (3, 40), (4, 40), (6, 40)) for p in make_persons(n, seed)
              for v in (p.resident_id, p.mobile, p.email, p.bank_card, p.address, p.vin)]
    needles: dict[bytes, str] = {}
    for value in values:
        needles[value.encode()] = value
        needles[value.encode("utf-16-le")] = value
        needles[value.encode("gb18030")] = value
        for shift in range(3):  # a value within base64 may begin at any of three places
            needles[base64.b64encode(b"\0" * shift + value.encode())[4 : 4 * (len(value) // 3)]] = value
        if value.isdigit():
            needles[bytes.fromhex(value + "0" * (len(value) % 2))[: len(value) // 2]] = value
    house[1].command("SYSTEM STOP MERGES")  # or files come and go while they are read
    files = [path for path in data.rglob("*") if path.is_file()] + [data.parent / "screen.txt"]
    read = 0
    for path in files:
        try:
            octets = path.read_bytes()
        except FileNotFoundError:  # a part that was merged away just before; what it held is in another
            continue
        read += 1
        for needle, value in needles.items():
            assert len(needle) < 5 or needle not in octets, f"{value} in {path}"
    assert read > 20
    assert not any(value in said for value in values)


def test_columns_of_the_store_are_those_of_the_records(house: tuple[Path, ChdbStore, str]) -> None:
    for record in RECORDS:
        described = house[1].query(f"DESCRIBE TABLE {record.name}").to_pylist()
        columns = {row["name"]: row["type"] for row in described}
        for field in record.fields:
            assert columns[field.name].replace(" ", "") == field.clickhouse.replace(" ", ""), (record.name, field.name)
        assert set(columns) - {f.name for f in record.fields} <= {"ingested"}


def test_the_store_belongs_to_one_process(house: tuple[Path, ChdbStore, str]) -> None:
    with pytest.raises(StoreBusyError, match=str(os.getpid())):
        ChdbStore(house[0])


QUESTIONS = (
    "SELECT count() AS n, sum(octets_out) AS o FROM flows",
    BY_HOUR, "SELECT count() AS n, sum(count) AS c FROM findings", "SELECT sum(octets) AS o FROM coverage",
    "SELECT signature, tier, uniqCombined64Merge(17)(persons) AS p FROM subject_ledger GROUP BY ALL ORDER BY ALL",
)
INGEST = """
import json, sys
from pathlib import Path
from pipeline.ingest.ingest import Ingest
from pipeline.store.store import open_store
data = Path(sys.argv[1])
store = open_store(data)
print("open", flush=True)
print(Ingest(data, store).run_all().poisoned, flush=True)
print(json.dumps([store.query(q).to_pylist() for q in json.loads(sys.argv[2])]), flush=True)
"""


def test_killed_in_the_middle_nothing_is_lost_or_doubled(house: tuple[Path, ChdbStore, str], capture: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(house[0] / "keys", data / "keys")  # the same keys make the same sketches
    replay(capture, data)
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1, 0.2):
        with subprocess.Popen([sys.executable, "-c", INGEST, str(data), "[]"], cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()  # the store is open
            time.sleep(delay)  # the moment of the kill is what is tested
            child.send_signal(signal.SIGKILL)
    # a process of its own: chDB opens one folder a process
    command = [sys.executable, "-c", INGEST, str(data), json.dumps(QUESTIONS)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[1] == "0"
    for question, answer in zip(QUESTIONS, json.loads(said[2]), strict=True):
        assert answer == house[1].query(question).to_pylist(), question
