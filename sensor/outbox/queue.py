"""The writing end of the outbox."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.schema import RECORDS, Record
from pipeline.schema.outbox import SUFFIX, look_at_disk, open_outbox, signed
from sensor.outbox.batch import Identity, encode, make_batch, merge

ENOUGH = 1 << 15  # rows that are written without waiting for a flush
AT_ONCE = 2 << 20  # octets of batches in one transaction, or one batch: a disk with little room takes some of many
MOST_HELD = 64 << 20  # octets of batches in memory that the disk did not take
FAREWELL_S = 20.0  # for the disk to take them when the file is closed
INSERT = "INSERT OR IGNORE INTO batch (record, sensor, worker, epoch, sequence, rows, made_ns, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class OutboxError(OSError):
    """The outbox cannot be written; what was not is lost to this process."""


class Held(NamedTuple):
    """A batch that is not on the disk yet: the columns of the table."""

    record: str
    sensor: str
    worker: int
    epoch: int
    sequence: int
    rows: int
    made_ns: int
    body: bytes


class Outbox:
    """Batches on disk until somebody acknowledges them; rows wait in memory until there are enough of them, or a flush.

    What the disk does not take (it is full; somebody holds the file) is an OutboxError, or with `patient` waits in memory for the next
    flush: a capture can be replayed again, an interface cannot.
    """

    problem: str | None = None  # why batches are held in memory
    is_stuck = False  # more is held than should be: put no more in until the disk takes some

    def __init__(self, folder: Path, identity: Identity, patient: bool = False) -> None:
        """OutboxError where the file cannot be opened or made."""
        self.identity = identity
        self.path = folder / f"{identity.sensor}-{identity.worker}{SUFFIX}"
        try:
            self._file = open_outbox(self.path)
        except sqlite3.Error as error:
            raise OutboxError(f"{self.path}: {error}") from error
        self._patient = patient
        if patient:
            self._file.execute("PRAGMA busy_timeout = 1000")  # ms; packets go on coming while it waits for who holds the file
        self._held: list[Held] = []
        self._sequence = {record.name: 0 for record in RECORDS}
        self._waiting: dict[str, list[tuple[Mapping[str, object], int]]] = {record.name: [] for record in RECORDS}
        self._rows_waiting = dict.fromkeys(self._waiting, 0)
        self.rows = {record.name: 0 for record in RECORDS}

    def put(self, record: Record, columns: Mapping[str, object], rows: int) -> None:
        """Take `rows` rows of `record` in; `columns` (make_batch) holds every field but the identity, and is kept: give its arrays away."""
        if rows == 0:
            return
        self._waiting[record.name].append((columns, rows))
        self._rows_waiting[record.name] += rows
        self.rows[record.name] += rows
        if self._rows_waiting[record.name] >= ENOUGH:
            self.flush([record.name])

    def flush(self, names: list[str] | None = None) -> None:
        """Write what waits; on the disk when this returns, or held. A batch already there (a replay begun again) stays as it is."""
        for record in RECORDS:
            if self._waiting[record.name] and (names is None or record.name in names):
                self._held.append(self._make(record))
        try:
            while self._held:
                n = self._fitting()
                self._write(self._held[:n])
                del self._held[:n]
            self.problem, self.is_stuck = None, False
        except sqlite3.Error as error:
            self.problem = f"outbox {self.path.name} cannot be written: {error}"
            if not (self._patient and isinstance(error, sqlite3.OperationalError)):  # the others are of a damaged file
                raise OutboxError(self.problem) from error
            self.is_stuck = sum(len(one.body) for one in self._held) > MOST_HELD

    def _make(self, record: Record) -> Held:
        name, who = record.name, self.identity
        batch = make_batch(record, who, self._sequence[name] + 1, *merge(self._waiting[name]))
        self._waiting[name], self._rows_waiting[name] = [], 0
        self._sequence[name] += 1
        return Held(name, who.sensor, who.worker, signed(who.epoch), self._sequence[name], batch.num_rows, time.time_ns(), encode(batch))

    def _fitting(self) -> int:
        """How many of the batches held go into the next transaction."""
        n, octets = 1, len(self._held[0].body)
        while n < len(self._held) and octets + len(self._held[n].body) <= AT_ONCE:
            octets += len(self._held[n].body)
            n += 1
        return n

    def _write(self, batches: list[Held]) -> None:
        disk = look_at_disk(self.path.parent)
        if disk.free < disk.spared:
            raise sqlite3.OperationalError(f"less than {disk.spared >> 20} MiB are left on the disk, which taking records away needs")
        self._file.execute("BEGIN IMMEDIATE")
        try:
            self._file.executemany(INSERT, batches)
            self._file.execute("COMMIT")
        except BaseException:
            if self._file.in_transaction:  # of some errors SQLite has taken it back itself
                self._file.execute("ROLLBACK")
            raise

    @property
    def octets(self) -> int:
        """Size of the outbox on disk."""
        wal = self.path.with_name(self.path.name + "-wal")
        return sum(file.stat().st_size for file in (self.path, wal) if file.exists())

    def close(self) -> None:
        """Write what waits and close the file; OutboxError says how much the disk did not take within FAREWELL_S."""
        until = time.monotonic() + FAREWELL_S
        self.flush()
        while self._held and time.monotonic() < until:
            time.sleep(0.2)
            self.flush()
        self._file.close()
        if self._held:
            raise OutboxError(f"{self.problem}: {sum(one.rows for one in self._held):,} rows are lost")
