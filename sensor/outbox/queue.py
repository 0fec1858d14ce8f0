"""The writing end of the outbox."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.schema import Record
from pipeline.schema.outbox import SUFFIX, open_outbox, signed
from sensor.outbox.batch import Identity, encode, make_batch


class Outbox:
    """Batches on disk until somebody acknowledges them."""

    def __init__(self, folder: Path, identity: Identity) -> None:
        self.identity = identity
        self.path = folder / f"{identity.sensor}-{identity.worker}{SUFFIX}"
        self._file = open_outbox(self.path)
        self._sequence: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def put(self, record: Record, columns: Mapping[str, object], rows: int) -> None:
        """One batch of `rows` rows, on the disk when this returns; nothing for no rows.

        A batch already there (a replay begun again) stays as it is.
        """
        if rows == 0:
            return
        sequence = self._sequence[record.name] = self._sequence.get(record.name, 0) + 1
        self.rows[record.name] = self.rows.get(record.name, 0) + rows
        body = encode(make_batch(record, self.identity, sequence, columns, rows))
        who = self.identity
        self._file.execute(
            "INSERT OR IGNORE INTO batch (record, sensor, worker, epoch, sequence, rows, made_ns, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (record.name, who.sensor, who.worker, signed(who.epoch), sequence, rows, time.time_ns(), body),
        )

    @property
    def octets(self) -> int:
        """Size of the outbox on disk."""
        wal = self.path.with_name(self.path.name + "-wal")
        return sum(file.stat().st_size for file in (self.path, wal) if file.exists())

    def begin(self) -> None:
        """Put the batches that follow into one transaction, until `commit`."""
        self._file.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """All batches since `begin` are on the disk when this returns."""
        self._file.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
