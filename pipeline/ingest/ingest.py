"""Taking batches from the outbox files into the store."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from pipeline.schema import RECORDS, Record
from pipeline.schema.outbox import SUFFIX, open_outbox, unsigned
from pipeline.store.store import Store

log = logging.getLogger(__name__)
AT_ONCE = 64  # batches taken from one file before the next one's turn


class IngestResult(NamedTuple):
    """What one round did."""

    batches: int   # taken into the store
    rows: int
    repeated: int  # passed over: the store had them
    poisoned: int  # put aside: not what their record says
    findings: int  # rows of findings among them


class Ingest:
    """One reader of all outboxes of a data directory. kill -9 between any two lines loses nothing and doubles nothing."""

    def __init__(self, data: Path, store: Store) -> None:
        self.folder = data / "outbox"
        self.store = store
        self._records = {record.name: record for record in RECORDS}
        self._last = self._read_last()

    def _read_last(self) -> dict[tuple[str, str, int, int], int]:
        rows = self.store.query(
            "SELECT record, sensor, worker, epoch, max(sequence) AS sequence FROM batches GROUP BY record, sensor, worker, epoch"
        ).to_pylist()
        return {(r["record"], r["sensor"], r["worker"], r["epoch"]): r["sequence"] for r in rows}

    def run_once(self) -> IngestResult:
        """Take what is there now, oldest first in each file."""
        total = IngestResult(0, 0, 0, 0, 0)
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            outbox = open_outbox(path)
            try:
                total = _add(total, self._take(outbox))
            finally:
                outbox.close()
        return total

    def run_all(self) -> IngestResult:
        """Take until nothing is left."""
        total = IngestResult(0, 0, 0, 0, 0)
        while any(result := self.run_once()):
            total = _add(total, result)
        return total

    def _take(self, outbox: sqlite3.Connection) -> IngestResult:
        total = IngestResult(0, 0, 0, 0, 0)
        rows = outbox.execute("SELECT id, record, sensor, worker, epoch, sequence, body FROM batch ORDER BY id LIMIT ?", (AT_ONCE,))
        for number, name, sensor, worker, epoch, sequence, body in rows.fetchall():
            key = (name, sensor, worker, unsigned(epoch))
            if sequence <= self._last.get(key, 0):
                result = IngestResult(0, 0, 1, 0, 0)
            else:
                result = self._store_batch(key, sequence, body)
            outbox.execute("DELETE FROM batch WHERE id = ?", (number,))
            total = _add(total, result)
        return total

    def _store_batch(self, key: tuple[str, str, int, int], sequence: int, body: bytes) -> IngestResult:
        name, sensor, worker, epoch = key
        try:
            batch = decode(self._records[name], body)
        except (KeyError, pa.ArrowInvalid, ValueError) as error:
            self._put_aside(key, sequence, body, str(error))
            return IngestResult(0, 0, 0, 1, 0)
        self.store.insert(name, batch, f"{name}-{sensor}-{worker}-{epoch}-{sequence}")
        self._note(key, sequence)
        return IngestResult(1, batch.num_rows, 0, 0, batch.num_rows if name == "findings" else 0)

    def _note(self, key: tuple[str, str, int, int], sequence: int) -> None:
        name, sensor, worker, epoch = key
        columns = {"record": [name], "sensor": [sensor], "worker": pa.array([worker], pa.uint16()),
                   "epoch": pa.array([epoch], pa.uint64()), "sequence": pa.array([sequence], pa.uint64())}
        self.store.insert("batches", pa.RecordBatch.from_pydict(columns), f"batches-{name}-{sensor}-{worker}-{epoch}-{sequence}")
        self._last[key] = sequence

    def _put_aside(self, key: tuple[str, str, int, int], sequence: int, body: bytes, reason: str) -> None:
        """A batch that cannot be read is kept for a person to look at, and blocks nothing."""
        name, sensor, worker, epoch = key
        folder = self.folder / "dead"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}-{sensor}-{worker}-{epoch}-{sequence}.arrow").write_bytes(body)
        log.warning("batch %s %s of %s put aside: %s", name, sequence, sensor, reason)


def decode(record: Record, body: bytes) -> pa.RecordBatch:
    """The batch in an outbox body; ValueError when its columns are not the record's."""
    with pa.ipc.open_stream(body) as reader:
        batch = reader.read_next_batch()
    if batch.schema.names != record.arrow.names or batch.schema.types != record.arrow.types:
        raise ValueError(f"columns differ from record {record.name}")
    return batch


def _add(a: IngestResult, b: IngestResult) -> IngestResult:
    return IngestResult(*(x + y for x, y in zip(a, b, strict=True)))
