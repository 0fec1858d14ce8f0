"""Taking batches from the outbox files into the store."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from pipeline.ingest.again import put_missing
from pipeline.ingest.aside import UNREAD, put_aside
from pipeline.ingest.body import Identity, PoisonError, decode
from pipeline.ingest.marks import Marks
from pipeline.schema.outbox import SUFFIX, open_outbox, unsigned
from pipeline.store.store import Store

log = logging.getLogger(__name__)
AT_ONCE = 64  # batches taken from one file before the next one's turn

TAKE = "SELECT id, record, sensor, worker, epoch, sequence, body FROM batch ORDER BY id LIMIT ?"


class IngestResult(NamedTuple):
    """What one round did."""

    batches: int = 0   # taken into the store
    rows: int = 0
    repeated: int = 0  # passed over: the store had them
    poisoned: int = 0  # put aside: not what their record says
    findings: int = 0  # rows of findings among them
    unread: int = 0    # outbox files that could not be read, wholly or in part


class Ingest:
    """One reader of all outboxes of a data directory. kill -9 between any two lines loses nothing and doubles nothing."""

    def __init__(self, data: Path, store: Store) -> None:
        self.folder = data / "outbox"
        self.store = store
        self.wait_s = 10.0  # for a worker that is writing
        self._marks = Marks(store)
        self._sure: set[Path] = set()  # files whose first batch cannot be one that was being stored when this or another process ended

    def run_once(self) -> IngestResult:
        """Take what is there now, oldest first in each file."""
        total = IngestResult()
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                total = _add(total, self._take_file(path))
            except sqlite3.DatabaseError as error:  # locked for too long, or damaged: the others' turn
                UNREAD.inc()
                log.warning("outbox %s cannot be read: %s", path.name, error)
                total = _add(total, IngestResult(unread=1))
        return total

    def run_all(self) -> IngestResult:
        """Take until nothing is left."""
        total = IngestResult()
        while True:
            result = self.run_once()
            total = _add(total, result)
            if not (result.batches or result.repeated or result.poisoned):
                return total._replace(unread=result.unread)

    def _take_file(self, path: Path) -> IngestResult:
        outbox = open_outbox(path, self.wait_s)
        try:
            total = IngestResult()
            for number, record, sensor, worker, epoch, sequence, body in outbox.execute(TAKE, (AT_ONCE,)).fetchall():
                total = _add(total, self._take(Identity(record, sensor, worker, unsigned(epoch)), sequence, body, path in self._sure))
                self._sure.add(path)
                outbox.execute("DELETE FROM batch WHERE id = ?", (number,))
            return total
        finally:
            outbox.close()

    def _take(self, identity: Identity, sequence: int, body: bytes, sure: bool) -> IngestResult:
        if self._marks.is_stored(identity, sequence):
            return IngestResult(repeated=1)
        try:
            batch = decode(identity, sequence, body)
        except PoisonError as poison:
            put_aside(self.folder / "dead", identity, sequence, body, poison)
            return IngestResult(poisoned=1)
        token = "-".join(map(str, (*identity, sequence)))
        if batch.num_rows:
            try:
                self.store.insert(identity.record, batch, token)
            except RuntimeError:
                self._sure.clear()
                raise
            if not sure:
                put_missing(self.store, identity.record, pa.Table.from_batches([batch]), token)
        self._marks.note({identity: [sequence]}, token)
        return IngestResult(batches=1, rows=batch.num_rows, findings=batch.num_rows if identity.record == "findings" else 0)


def _add(a: IngestResult, b: IngestResult) -> IngestResult:
    return IngestResult(*(x + y for x, y in zip(a, b, strict=True)))
