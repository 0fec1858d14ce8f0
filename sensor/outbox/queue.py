"""The writing end of the outbox."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.schema import RECORDS, Record
from pipeline.schema.outbox import SUFFIX, open_outbox, signed
from sensor.outbox.batch import Identity, encode, make_batch, merge

ENOUGH = 1 << 15  # rows that are written without waiting for a flush


class Outbox:
    """Batches on disk until somebody acknowledges them; rows wait in memory until there are enough of them, or a flush."""

    def __init__(self, folder: Path, identity: Identity) -> None:
        self.identity = identity
        self.path = folder / f"{identity.sensor}-{identity.worker}{SUFFIX}"
        self._file = open_outbox(self.path)
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
        """Write what waits; it is on the disk when this returns. A batch already there (a replay begun again) stays as it is."""
        self._file.execute("BEGIN IMMEDIATE")
        for record in RECORDS:
            if self._waiting[record.name] and (names is None or record.name in names):
                self._write(record)
        self._file.execute("COMMIT")

    def _write(self, record: Record) -> None:
        name, who = record.name, self.identity
        batch = make_batch(record, who, self._sequence[name] + 1, *merge(self._waiting[name]))
        self._waiting[name], self._rows_waiting[name] = [], 0
        self._sequence[name] += 1
        self._file.execute(
            "INSERT OR IGNORE INTO batch (record, sensor, worker, epoch, sequence, rows, made_ns, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name,
                who.sensor,
                who.worker,
                signed(who.epoch),
                self._sequence[name],
                batch.num_rows,
                time.time_ns(),
                encode(batch),
            ),
        )

    @property
    def octets(self) -> int:
        """Size of the outbox on disk."""
        wal = self.path.with_name(self.path.name + "-wal")
        return sum(file.stat().st_size for file in (self.path, wal) if file.exists())

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        self._file.close()
