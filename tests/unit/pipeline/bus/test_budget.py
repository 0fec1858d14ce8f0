"""What is given up when the disk is full: in which order, and that every octet of it is told."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from prometheus_client import REGISTRY

from pipeline.bus.budget import NOTES, GivingUp
from pipeline.bus.forward import Forwarder
from pipeline.bus.settings import BusSettings, ForwarderSettings
from pipeline.bus.spool import Row, Spool
from pipeline.ingest.body import decode
from pipeline.ingest.ingest import Ingest
from pipeline.schema import COVERAGE, FINDING, FLOW, SENSOR_REPORT, SUBJECT
from pipeline.schema.outbox import CREATE
from pipeline.store.store import open_store
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox
from tests.made_outbox import make_columns
from tests.small_disk import small_disk

MINUTE_NS = 60_000_000_000
NOW = 5


def fill(folder: Path, worker: int = 0, rounds: int = 12, rows: int = 2000) -> Spool:
    """An outbox with much of flows and a little of all others."""
    rng, outbox = random.Random(worker), Outbox(folder, Identity("one", worker, 7))
    sizes = ((FLOW, rows), (FINDING, 20), (SUBJECT, 80), (COVERAGE, 30), (SENSOR_REPORT, 1))
    made = [(record, make_columns(rng, record, n), n) for record, n in sizes]
    ends = pa.array(rng.choices(["src", "dst", "both", "none", "unknown"], k=rows))
    for _ in range(rounds):
        for record, columns, n in made:
            outbox.put(record, columns | {"domestic_end": ends.dictionary_encode()} if record is FLOW else columns, n)
        outbox.flush()
    outbox.close()
    return Spool(outbox.path)


def rows_of(spool: Spool, record: str) -> list[Row]:
    return [row for number in spool.pending(record, 0, 1000) if (row := spool.read(number)) is not None]


def tell(rows: list[Row]) -> Counter[tuple[Any, ...]]:
    """What flows and notes say by minute, line, destination and direction: the plain twin."""
    told: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        for one in decode(row.identity, row.sequence, row.body).to_pylist():
            if row.identity.record == "coverage":
                key = (one["minute"].value // MINUTE_NS, one["line"], one["holder"], one["destination"], one["direction"])
                told[key, "octets"] += one["octets"]
                told[key, "packets"] += one["packets"]
                continue
            for way in ("out", "in"):
                direction = way if one["domestic_end"] in ("src", "dst") else "other"
                key = (one["first"].value // MINUTE_NS, one["line"], one["holder"], one["destination"], direction)
                told[key, "octets"] += one[f"octets_{way}"]
                told[key, "packets"] += one[f"packets_{way}"]
    return +told


def notes_of(spool: Spool) -> list[Row]:
    return [row for row in rows_of(spool, "coverage") if row.identity.sensor == f"one{NOTES}"]


def counted(record: str, reason: str = "outbox_full") -> float:
    return REGISTRY.get_sample_value("forwarder_given_up_rows_total", {"record": record, "reason": reason}) or 0.0


def test_oldest_flows_go_first_and_every_octet_is_told(tmp_path: Path) -> None:
    spools = [fill(tmp_path, 0), fill(tmp_path, 1)]
    flows = {spool.path: rows_of(spool, "flows") for spool in spools}
    budget, before = sum(spool.octets for spool in spools) // 2, counted("flows")
    files = sum(spool.path.stat().st_size for spool in spools)
    giving_up = GivingUp(99)
    assert giving_up.keep_within(spools, budget, set(), NOW) > 5
    assert sum(spool.octets for spool in spools) <= budget
    assert sum(spool.path.stat().st_size for spool in spools) < files * 0.9  # it left the disk
    gone_rows = 0
    for spool in spools:
        left = {row.number for row in rows_of(spool, "flows")}
        gone = [row for row in flows[spool.path] if row.number not in left]
        assert [row.number for row in gone] == [row.number for row in flows[spool.path][: len(gone)]]
        assert tell(notes_of(spool)) == tell(gone)
        assert {row.identity.epoch for row in notes_of(spool)} == {99}
        assert [row.sequence for row in notes_of(spool)] == list(range(1, len(notes_of(spool)) + 1))
        assert len(rows_of(spool, "findings")) == len(rows_of(spool, "subjects")) == len(rows_of(spool, "sensor_reports")) == 12
        gone_rows += sum(row.rows for row in gone)
    assert counted("flows") == before + gone_rows > before
    assert giving_up.keep_within(spools, budget, set(), NOW) == 0


def test_what_is_on_its_way_stays(tmp_path: Path) -> None:
    spool = fill(tmp_path)
    first = spool.pending("flows", 0, 3)
    GivingUp(1).keep_within([spool], spool.octets * 2 // 3, {(spool.path, number) for number in first}, NOW)
    assert spool.pending("flows", 0, 3) == first
    assert len(rows_of(spool, "flows")) < 12


def test_findings_are_the_very_last(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = fill(tmp_path)
    left: list[Counter[str]] = []
    for _ in range(40):
        kinds = Counter({record: len(rows_of(spool, record)) for record in ("flows", "sensor_reports", "subjects", "findings")})
        kinds["coverage"] = len(rows_of(spool, "coverage")) - len(notes_of(spool))
        left.append(kinds)
        GivingUp(len(left)).keep_within([spool], spool.octets * 9 // 10, set(), NOW)
    for before, after in zip(left, left[1:], strict=False):
        assert after["sensor_reports"] == 12 or not after["flows"]
        assert after["coverage"] == 12 or not after["sensor_reports"]
        assert after["subjects"] == 12 or not after["coverage"]
        assert after["findings"] == 12 or not after["subjects"]
        assert after <= before
    assert not left[-1].total()
    assert notes_of(spool)  # what says so is never given up
    assert any(one.levelname == "ERROR" and "findings" in one.getMessage() for one in caplog.records)
    assert any("nothing in it can be given up" in one.getMessage() for one in caplog.records)


def test_coverage_given_up_tells_the_wire(tmp_path: Path) -> None:
    spool = fill(tmp_path)
    rows = rows_of(spool, "coverage")
    wire = sum(one["octets"] for row in rows for one in decode(row.identity, row.sequence, row.body).to_pylist() if one["reason"] == "wire")
    GivingUp(1).give_up(spool, rows, "outbox_full", NOW)
    (note,) = notes_of(spool)
    told = decode(note.identity, note.sequence, note.body).to_pylist()
    assert sum(one["octets"] for one in told) == wire > 0
    assert {one["reason"] for one in told} == {"given_up"}


def test_a_damaged_batch_is_told_without_octets(tmp_path: Path) -> None:
    spool = fill(tmp_path, rounds=1)
    (row,) = rows_of(spool, "flows")
    GivingUp(1).give_up(spool, [row._replace(body=b"damaged", made_ns=3 * MINUTE_NS + 1)], "too_large", NOW)
    (note,) = notes_of(spool)
    (told,) = decode(note.identity, note.sequence, note.body).to_pylist()
    assert (told["minute"].value, told["octets"], told["direction"], told["line"]) == (3 * MINUTE_NS, 0, "other", "")
    assert rows_of(spool, "flows") == []


def test_a_failed_note_keeps_the_batch(tmp_path: Path) -> None:
    spool = fill(tmp_path, rounds=2)
    first, second = rows_of(spool, "flows")
    giving_up = GivingUp(1)
    giving_up.give_up(spool, [first], "outbox_full", NOW)
    with pytest.raises(sqlite3.IntegrityError):
        GivingUp(1).give_up(spool, [second], "outbox_full", NOW)  # the same epoch: its note is there
    assert [row.number for row in rows_of(spool, "flows")] == [second.number]
    giving_up.give_up(spool, [second], "outbox_full", NOW)
    assert [note.sequence for note in notes_of(spool)] == [1, 2]


def test_a_file_of_before_is_made_one_of_now_when_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "one-0.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.execute(CREATE)
    spool = fill(tmp_path)
    full = spool.octets
    GivingUp(1).keep_within([spool], full // 2, set(), NOW)
    assert spool.octets <= full // 2  # free pages are no burden: the next batches fill them
    size = path.stat().st_size
    for record in ("flows", "findings", "subjects", "coverage", "sensor_reports"):
        spool.forget([row.number for row in rows_of(spool, record)])
    spool.return_space(kept_log=0)
    assert path.stat().st_size < size / 10
    assert sqlite3.connect(path).execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_ingest_sees_the_hole_and_the_ledger_still_adds_up(tmp_path: Path) -> None:
    spool = fill(tmp_path / "outbox")
    missing = REGISTRY.get_sample_value("ingest_missing_total") or 0.0
    first = rows_of(spool, "flows")[:3]
    GivingUp(1).give_up(spool, first, "outbox_full", NOW)
    store = open_store(tmp_path)
    Ingest(tmp_path, store).run_all()
    assert REGISTRY.get_sample_value("ingest_missing_total") == missing + 3
    told = store.query("SELECT sum(octets) AS n FROM coverage WHERE reason = 'given_up'").to_pylist()[0]["n"]
    assert told == sum(n for (_, what), n in tell(first).items() if what == "octets")
    store.close()


def test_a_forwarder_without_a_broker_keeps_to_its_disk(tmp_path: Path) -> None:
    spool = fill(tmp_path / "outbox", rounds=30)
    assert spool.octets > 2 << 20
    forwarder = Forwarder(tmp_path, BusSettings(), ForwarderSettings(disk_mebibytes=2))
    assert not forwarder.step(0.0)
    assert forwarder.trouble.startswith("bus.bootstrap: not set")
    assert spool.octets <= 2 << 20
    assert len(rows_of(spool, "findings")) == 30
    assert REGISTRY.get_sample_value("forwarder_lag_batches") == spool.count()
    assert REGISTRY.get_sample_value("forwarder_oldest_unsent_seconds") > 0
    assert 0 < REGISTRY.get_sample_value("forwarder_outbox_octets") <= 2 << 20
    forwarder.close()


def test_files_that_were_emptied_fill_no_small_disk(tmp_path: Path) -> None:
    """Each keeps the log of its largest burst as long as somebody holds it: eighteen of them are more than this disk has."""
    with small_disk(tmp_path / "small") as disk:
        rng = random.Random(1)
        writers = [Outbox(disk / "outbox", Identity(f"sensor-{i}", 0, 1)) for i in range(18)]
        forwarder = Forwarder(disk, BusSettings(), ForwarderSettings())
        for second in range(8):
            for writer in writers:
                for _ in range(8):
                    for record, rows in ((FLOW, 120), (FINDING, 15), (SUBJECT, 40)):
                        writer.put(record, make_columns(rng, record, rows), rows)
                    writer.flush()
            forwarder.step(second)
            for spool in forwarder._spools.values():
                for record in ("flows", "findings", "subjects"):
                    spool.forget(spool.pending(record, 0, 1000))
        forwarder.step(9.0)
        assert sum(spool.count() for spool in forwarder._spools.values()) == 0
        taken = [spool.path.stat().st_size + spool.octets for spool in forwarder._spools.values()]
        assert max(taken) < 200_000


def test_a_disk_smaller_than_the_budget_is_the_budget(tmp_path: Path) -> None:
    """And one that outboxes filled is emptied again: what they spare is enough to take records out."""
    with small_disk(tmp_path / "small") as disk:
        rng = random.Random(1)
        writers = [Outbox(disk / "outbox", Identity(f"sensor-{i}", 0, 1), patient=True) for i in range(3)]
        columns = make_columns(rng, FLOW, 5000)
        while not any(writer.problem for writer in writers):
            for writer in writers:
                writer.put(FLOW, columns, 5000)
                writer.put(FINDING, make_columns(rng, FINDING, 15), 15)
                writer.flush()
        forwarder = Forwarder(disk, BusSettings(), ForwarderSettings())
        given_up = REGISTRY.get_sample_value("forwarder_given_up_rows_total", {"record": "flows", "reason": "outbox_full"}) or 0.0
        forwarder.step(0.0)
        after = REGISTRY.get_sample_value("forwarder_given_up_rows_total", {"record": "flows", "reason": "outbox_full"})
        assert after is not None and after > given_up
        assert sum(spool.octets for spool in forwarder._spools.values()) <= 32 << 20
        for writer in writers:
            writer.flush()
            assert writer.problem is None
        for spool in forwarder._spools.values():
            spool.forget(spool.pending("flows", 0, 1000))


def test_taking_batches_out_writes_little(tmp_path: Path) -> None:
    """SQLite as Debian builds it would write zeros over each of their pages first."""
    spool = fill(tmp_path)
    rows = rows_of(spool, "flows")
    spool.return_log(0)
    spool.forget([row.number for row in rows])
    written = spool.path.with_name(spool.path.name + "-wal").stat().st_size
    assert written < sum(len(row.body) for row in rows) / 5
