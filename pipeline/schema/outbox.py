"""The outbox file: what the sensor leaves and ingest or a forwarder takes away.

One SQLite file a worker, in WAL mode, so that reader and writer do not wait for each other.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

# record, sensor, worker, epoch and sequence are the batch's identity; body is one Arrow IPC stream of one batch, zstd inside.
# Epochs are uint64 and SQLite's integers are not: they are kept as signed, see `signed` and `unsigned`.
CREATE = """
CREATE TABLE IF NOT EXISTS batch (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    record   TEXT    NOT NULL,
    sensor   TEXT    NOT NULL,
    worker   INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    rows     INTEGER NOT NULL,
    made_ns  INTEGER NOT NULL,
    body     BLOB    NOT NULL,
    UNIQUE (record, sensor, worker, epoch, sequence)
)
"""
SUFFIX = ".sqlite"
# Of a disk, octets that are left alone, or this part of it where that is less: before SQLite takes a batch out it needs room for the log
# of it, so an outbox that took the last octet could never be emptied.
SPARED, SPARED_PART = 32 << 20, 4


class Disk(NamedTuple):
    """The disk that outboxes are on; octets."""

    total: int
    free: int
    spared: int


def look_at_disk(folder: Path) -> Disk:
    """The disk that `folder` is on."""
    found = shutil.disk_usage(folder)
    return Disk(found.total, found.free, min(SPARED, found.total // SPARED_PART))


def open_outbox(path: Path, wait_s: float = 10.0) -> sqlite3.Connection:
    """The outbox at `path`, made when missing; every commit is on the disk when it returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
    if not connection.execute("PRAGMA page_count").fetchone()[0]:
        # Before the first page: what is taken away can then leave the disk, too. Later it would only wait for whoever writes.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # As built by Debian, SQLite writes zeros over every page of what is taken out: as much again, and on a disk that may be full.
    connection.execute("PRAGMA secure_delete = FAST")
    connection.execute(CREATE)
    return connection


def signed(number: int) -> int:
    """A uint64 as SQLite keeps it."""
    return number - (1 << 64) if number >= 1 << 63 else number


def unsigned(number: int) -> int:
    """The uint64 that SQLite keeps as `number`."""
    return number + (1 << 64) if number < 0 else number
