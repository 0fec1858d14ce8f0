"""An outbox whose disk takes nothing: what a capture's sensor says, what a live one holds, and that nothing of it is lost."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.schema import FINDING, FLOW
from pipeline.schema.outbox import SPARED, look_at_disk
from sensor.outbox import queue
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox, OutboxError
from tests.made_outbox import make_columns
from tests.small_disk import fill_disk, small_disk
from tests.unit.sensor.made_host import FLOWS, Host, live_worker

ROWS = 300


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small") as place:
        yield place


def opened(disk: Path, patient: bool) -> Outbox:
    return Outbox(disk / "outbox", Identity("one", 0, 7), patient)


def put(outbox: Outbox, seed: int) -> None:
    rng = random.Random(seed)
    for record in (FLOW, FINDING):
        outbox.put(record, make_columns(rng, record, ROWS), ROWS)
    outbox.flush()


def stored(outbox: Outbox) -> list[tuple[str, int, int]]:
    with closing(sqlite3.connect(outbox.path)) as file:
        return file.execute("SELECT record, sequence, rows FROM batch ORDER BY id").fetchall()


def batches(*sequences: int) -> list[tuple[str, int, int]]:
    return [(name, sequence, ROWS) for sequence in sequences for name in ("flows", "findings")]


def test_a_live_sensors_records_wait_for_room(disk: Path) -> None:
    outbox = opened(disk, True)
    put(outbox, 1)
    filler = fill_disk(disk)
    put(outbox, 2)
    put(outbox, 3)
    assert outbox.problem == "outbox one-0.sqlite cannot be written: less than 16 MiB are left on the disk, which taking records away needs"
    assert stored(outbox) == batches(1) and not outbox.is_stuck
    filler.unlink()
    outbox.flush()
    assert outbox.problem is None
    assert stored(outbox) == batches(1, 2, 3)
    outbox.close()


def test_a_captures_sensor_says_it_and_ends(disk: Path) -> None:
    outbox = opened(disk, False)
    fill_disk(disk)
    with pytest.raises(OutboxError, match=r"outbox one-0\.sqlite cannot be written: less than 16 MiB are left"):
        put(outbox, 1)


def test_what_is_held_has_a_bound(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MOST_HELD", 1000)
    outbox = opened(disk, True)
    filler = fill_disk(disk)
    put(outbox, 1)
    assert outbox.is_stuck
    filler.unlink()
    outbox.flush()
    assert not outbox.is_stuck and stored(outbox) == batches(1)


def test_no_packets_are_read_while_too_much_is_held(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ring takes them as long as it can; then the kernel drops and counts them."""
    monkeypatch.setattr(queue, "MOST_HELD", 1000)
    host, outbox = Host(disk), opened(disk, True)
    worker = live_worker(host, outbox)
    worker.step(0.0)
    host.talking = False
    host.now_s += 1000
    monkeypatch.setattr(queue, "look_at_disk", lambda folder: look_at_disk(folder)._replace(free=0))
    worker._begin_anew()
    assert outbox.is_stuck
    host.talking, sent = True, host.sent
    for _ in range(5):
        worker.step(0.0)
    assert host.sent == sent
    monkeypatch.undo()
    worker.step(0.0)
    worker.step(0.0)
    assert host.sent > sent and not outbox.is_stuck
    assert sum(rows for record, _, rows in stored(outbox) if record == "flows") == FLOWS


def test_little_room_takes_some_of_many(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many transactions as there is room for: one of everything held would never fit."""
    monkeypatch.setattr(queue, "AT_ONCE", 1)
    outbox = opened(disk, True)
    filler = fill_disk(disk)
    for seed in range(10):
        put(outbox, seed)
    room = iter([1 << 30] * 5 + [0] * 9)
    monkeypatch.setattr(queue, "look_at_disk", lambda folder: look_at_disk(folder)._replace(free=next(room)))
    filler.unlink()
    outbox.flush()
    assert stored(outbox) == batches(1, 2, 3)[:5] and outbox.problem
    monkeypatch.undo()
    outbox.flush()
    assert stored(outbox) == batches(*range(1, 11))


def test_what_is_lost_at_the_end_is_told(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "FAREWELL_S", 0.3)
    outbox = opened(disk, True)
    fill_disk(disk)
    put(outbox, 1)
    with pytest.raises(OutboxError, match=f"cannot be written: .*: {2 * ROWS} rows are lost"):
        outbox.close()


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox" / "one-0.sqlite").mkdir(parents=True)
    with pytest.raises(OutboxError, match=r"one-0\.sqlite: unable to open"):
        opened(tmp_path, True)


def test_whoever_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    outbox = opened(tmp_path, True)
    with closing(sqlite3.connect(outbox.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        put(outbox, 1)
        assert outbox.problem and "locked" in outbox.problem
        other.execute("ROLLBACK")
    outbox.flush()
    assert stored(outbox) == batches(1)


def test_a_large_disk_is_spared_a_little_and_a_small_one_a_quarter(disk: Path, tmp_path: Path) -> None:
    assert look_at_disk(disk).spared == 16 << 20
    assert look_at_disk(tmp_path).spared == SPARED
