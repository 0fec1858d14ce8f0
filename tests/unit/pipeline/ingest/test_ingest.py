"""Outbox → store: each batch once, poison put aside with its reason, nothing blocked by it."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from prometheus_client import REGISTRY

from pipeline.ingest.body import BY_NAME, Reason, empty
from pipeline.ingest.ingest import Ingest, IngestResult
from pipeline.schema import RECORDS, Record
from pipeline.schema.outbox import open_outbox
from pipeline.store.store import ChdbStore, open_store
from sensor.outbox.batch import encode
from tests.store_sums import BY_HOUR

Fill = Callable[..., int]
BEIJING = "beijing-0.sqlite"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def own(data: Path) -> Iterator[ChdbStore]:
    """The store of `data`."""
    store = open_store(data)
    yield store
    store.close()


def rows_in(store: ChdbStore, table: str) -> int:
    return int(store.query(f"SELECT count() AS n FROM {table}").to_pylist()[0]["n"])


def dropped(reason: str) -> float:
    return REGISTRY.get_sample_value("ingest_dropped_total", {"reason": reason}) or 0.0


def poison(data: Path, record: str, body: bytes, sequence: int = 2) -> None:
    """Put `body` in place of a batch of worker beijing-0."""
    outbox = open_outbox(data / "outbox" / BEIJING)
    outbox.execute("UPDATE batch SET body = ? WHERE record = ? AND sequence = ?", (body, record, sequence))
    outbox.close()


def body_of(data: Path, record: str, sequence: int = 2) -> bytes:
    outbox = open_outbox(data / "outbox" / BEIJING)
    body: bytes = outbox.execute("SELECT body FROM batch WHERE record = ? AND sequence = ?", (record, sequence)).fetchone()[0]
    outbox.close()
    return body


def test_every_row_of_every_worker_arrives_once(data: Path, own: ChdbStore, fill: Fill) -> None:
    batches = fill(data, seed=1)
    ingest = Ingest(data, own)
    taken = ingest.run_all()
    assert (taken.batches, taken.rows, taken.repeated, taken.poisoned, taken.unread) == (batches, 9 * 191, 0, 0, 0)
    assert [rows_in(own, table) for table in ("flows", "findings", "coverage", "sensor_reports")] == [540, 180, 270, 9]
    assert taken.findings == 180
    assert ingest.run_once() == IngestResult()
    assert own.query("SELECT DISTINCT epoch FROM flows WHERE worker = 1").to_pylist() == [{"epoch": 2**64 - 5}]


def test_the_same_batches_again_count_nothing(data: Path, own: ChdbStore, fill: Fill) -> None:
    batches = fill(data, seed=2)
    Ingest(data, own).run_all()
    once = own.query(BY_HOUR).to_pylist()
    fill(data, seed=2)
    again = Ingest(data, own).run_all()  # a new process knows from the store how far it came
    assert (again.batches, again.repeated) == (0, batches)
    assert own.query(BY_HOUR).to_pylist() == once


def two_batches(body: bytes, record: str) -> bytes:
    sink = pa.BufferOutputStream()
    batch = next(iter(pa.ipc.open_stream(body)))
    with pa.ipc.new_stream(sink, BY_NAME[record].arrow) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def no_batch(_: bytes, record: str) -> bytes:
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, BY_NAME[record].arrow).close()
    return bytes(sink.getvalue())


def without_identity(body: bytes, _: str) -> bytes:
    batch = next(iter(pa.ipc.open_stream(body)))
    return encode(batch.select([name for name in batch.schema.names if name != "sequence"]))


def of_another_type(body: bytes, _: str) -> bytes:
    batch = next(iter(pa.ipc.open_stream(body)))
    wrong = batch.column("octets").cast(pa.int32())
    return encode(batch.set_column(batch.schema.names.index("octets"), "octets", wrong))


def twice_the_same(body: bytes, _: str) -> bytes:
    batch = next(iter(pa.ipc.open_stream(body)))
    return encode(batch.append_column("reason", batch.column("reason")))


def missing_values(body: bytes, record: str) -> bytes:
    batch, schema = next(iter(pa.ipc.open_stream(body))), BY_NAME[record].arrow
    place = schema.names.index("octets")
    columns = [pa.nulls(batch.num_rows, c.type) if i == place else c for i, c in enumerate(batch.columns)]
    return encode(pa.RecordBatch.from_arrays(columns, schema=schema))


def not_utf8(body: bytes, record: str) -> bytes:
    batch, schema = next(iter(pa.ipc.open_stream(body))), BY_NAME[record].arrow
    words = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))
    place = schema.names.index("reason")
    wrong = pa.DictionaryArray.from_arrays(pa.array([0] * batch.num_rows, pa.int32()), words)
    return encode(pa.RecordBatch.from_arrays([wrong if i == place else c for i, c in enumerate(batch.columns)], schema=schema))


def of_another_batch(body: bytes, record: str) -> bytes:
    batch, schema = next(iter(pa.ipc.open_stream(body))), BY_NAME[record].arrow
    place = schema.names.index("sequence")
    wrong = pa.array([77] * batch.num_rows, pa.uint64())
    return encode(pa.RecordBatch.from_arrays([wrong if i == place else c for i, c in enumerate(batch.columns)], schema=schema))


POISONS = (
    (lambda *_: b"", Reason.UNREADABLE),
    (lambda *_: b"no Arrow at all", Reason.UNREADABLE),
    (lambda body, _: body[: len(body) // 2], Reason.UNREADABLE),
    (lambda body, _: body[:-400] + bytes(400), Reason.UNREADABLE),
    (no_batch, Reason.UNREADABLE), (two_batches, Reason.UNREADABLE),
    (without_identity, Reason.COLUMNS), (of_another_type, Reason.COLUMNS), (twice_the_same, Reason.COLUMNS),
    (missing_values, Reason.VALUES), (not_utf8, Reason.VALUES), (of_another_batch, Reason.IDENTITY),
)


@pytest.mark.parametrize(("spoil", "reason"), POISONS)
def test_poison_is_put_aside_and_blocks_nothing(
    data: Path, own: ChdbStore, fill: Fill, spoil: Callable[[bytes, str], bytes], reason: Reason
) -> None:
    batches, before, missing = fill(data, seed=3), dropped(reason), REGISTRY.get_sample_value("ingest_missing_total") or 0.0
    body = spoil(body_of(data, "coverage"), "coverage")
    poison(data, "coverage", body)
    taken = Ingest(data, own).run_all()
    assert (taken.batches, taken.poisoned) == (batches - 1, 1)
    assert rows_in(own, "coverage") == 240
    dead = data / "outbox" / "dead" / "coverage-beijing-0-7-2"
    assert dead.with_suffix(".arrow").read_bytes() == body
    told = json.loads(dead.with_suffix(".json").read_text("utf-8"))
    assert (told["reason"], told["record"], told["sensor"], told["sequence"]) == (reason, "coverage", "beijing", 2)
    assert dropped(reason) == before + 1
    assert (REGISTRY.get_sample_value("ingest_missing_total") or 0.0) == missing + 1


def replace_body(data: Path, record: str, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
    body = body_of(data, record)
    poison(data, record, encode(change(next(iter(pa.ipc.open_stream(body))))))


def test_an_older_sensor_and_a_newer_one_are_understood(data: Path, own: ChdbStore, fill: Fill) -> None:
    """What the older one does not know is empty; what only the newer one knows is counted and left."""
    batches, before = fill(data, seed=5), REGISTRY.get_sample_value("ingest_unknown_fields_total", {"record": "coverage"}) or 0.0
    replace_body(data, "coverage", lambda b: b.select([n for n in reversed(b.schema.names) if n != "packets"]).append_column(
        "colour", pa.array(["red"] * b.num_rows)
    ))
    taken = Ingest(data, own).run_all()
    assert (taken.batches, taken.poisoned) == (batches, 0)
    asked = "SELECT sum(packets) AS packets, sum(octets) AS octets, count() AS n FROM coverage WHERE sequence = 2 AND epoch = 7"
    rows = own.query(asked).to_pylist()[0]
    assert rows["packets"] == 0 and rows["octets"] > 0
    assert REGISTRY.get_sample_value("ingest_unknown_fields_total", {"record": "coverage"}) == before + rows["n"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_type_has_an_empty_value(record: Record) -> None:
    for field in record.fields:
        column = empty(field.arrow, 3)
        assert column.type == field.arrow and len(column) == 3 and column.null_count == 0


def test_records_and_sensors_of_strange_names_are_put_aside(data: Path, own: ChdbStore, fill: Fill) -> None:
    fill(data, seed=4)
    outbox = open_outbox(data / "outbox" / BEIJING)
    outbox.execute("UPDATE batch SET record = '../../etc' WHERE record = 'flows' AND sequence = 1")
    outbox.execute("UPDATE batch SET sensor = 'a'' b/c' WHERE record = 'flows' AND sequence = 2")
    outbox.close()
    assert Ingest(data, own).run_all().poisoned == 2
    names = sorted(path.name for path in (data / "outbox" / "dead").iterdir())
    assert names == [".._.._etc-beijing-0-7-1.arrow", ".._.._etc-beijing-0-7-1.json",
                     "flows-a__b_c-0-7-2.arrow", "flows-a__b_c-0-7-2.json"]
    assert rows_in(own, "flows") == 540 - 120


def test_a_damaged_outbox_does_not_stop_the_others(data: Path, own: ChdbStore, fill: Fill) -> None:
    fill(data, seed=5)
    path = data / "outbox" / BEIJING
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    path.write_bytes(b"not a database" * 100)
    taken = Ingest(data, own).run_all()
    assert (taken.batches, taken.unread) == (30, 1)
    assert rows_in(own, "flows") == 360


def test_a_writer_in_the_middle_of_a_batch_is_waited_for_and_nothing_is_lost(data: Path, own: ChdbStore, fill: Fill) -> None:
    batches = fill(data, seed=6)
    writer = sqlite3.connect(data / "outbox" / BEIJING, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    ingest = Ingest(data, own)
    ingest.wait_s = 0.05
    held = ingest.run_once()
    assert held.unread == 1
    writer.execute("COMMIT")
    writer.close()
    rest = ingest.run_all()
    assert held.batches + rest.batches + 1 == batches  # the batch whose row could not be taken away ...
    assert rest.repeated == 1                          # ... was stored, and is passed over
    assert rows_in(own, "flows") == 540
    assert rows_in(own, "coverage") == 270


def test_octets_flipped_anywhere_never_stop_ingest(data: Path, own: ChdbStore, fill: Fill) -> None:
    rng = random.Random(8)
    batches = fill(data, seed=8, rounds=12)
    outbox = open_outbox(data / "outbox" / BEIJING)
    for number, body in outbox.execute("SELECT id, body FROM batch").fetchall():
        spoilt = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
        outbox.execute("UPDATE batch SET body = ? WHERE id = ?", (bytes(spoilt), number))
    outbox.close()
    taken = Ingest(data, own).run_all()
    assert taken.batches + taken.poisoned == batches
    assert taken.poisoned > 20
