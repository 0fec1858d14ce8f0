"""An outbox file as the forwarder handles it, while a worker writes to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.ingest.body import Identity
from pipeline.schema.outbox import open_outbox, signed, unsigned

# By the index of the unique key, which holds record and id: the bodies, megabytes each, are not touched.
PENDING = "SELECT id FROM batch WHERE record = ? AND id > ? ORDER BY id LIMIT ?"
SIZES = "SELECT id, made_ns, length(body) FROM batch WHERE record = ? AND sensor NOT LIKE ? ORDER BY id"
READ = "SELECT id, record, sensor, worker, epoch, sequence, rows, made_ns, body FROM batch WHERE id = ?"
PUT = "INSERT INTO batch (record, sensor, worker, epoch, sequence, rows, made_ns, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
STEP_PAGES = 2560   # returned in one transaction: a worker waits for it
KEPT_PAGES = 1024   # free pages left in the file, for the next batches
KEPT_LOG_OCTETS = 8 << 20
KEPT_OCTETS = KEPT_LOG_OCTETS + KEPT_PAGES * 4096  # by one file; SQLite's pages are of 4,096


class Row(NamedTuple):
    """A batch in the outbox."""

    number: int
    identity: Identity
    sequence: int
    rows: int
    made_ns: int
    body: bytes


class Size(NamedTuple):
    """What a batch takes."""

    number: int
    made_ns: int
    octets: int


class Spool:
    """One outbox file. sqlite3.DatabaseError where it is damaged, or locked for too long."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open_outbox(path)

    def close(self) -> None:
        """Close the file; nothing is lost by not doing it."""
        self._file.close()

    def pending(self, record: str, after: int, most: int) -> list[int]:
        """Numbers of the oldest batches of `record` behind `after`."""
        return [number for (number,) in self._file.execute(PENDING, (record, after, most))]

    def sizes(self, record: str, not_of: str) -> list[Size]:
        """Every batch of `record`, oldest first; without those of sensors whose name ends in `not_of`."""
        return [Size(*row) for row in self._file.execute(SIZES, (record, f"%{not_of}"))]

    def read(self, number: int) -> Row | None:
        """One batch, or None if it is gone."""
        found = self._file.execute(READ, (number,)).fetchone()
        if found is None:
            return None
        number, record, sensor, worker, epoch, sequence, rows, made_ns, body = found
        return Row(number, Identity(record, sensor, worker, unsigned(epoch)), sequence, rows, made_ns, body)

    def forget(self, numbers: Sequence[int]) -> None:
        """Take batches out: they are somebody else's now."""
        self.replace(numbers, [])

    def replace(self, numbers: Sequence[int], notes: Sequence[Row]) -> None:
        """Take batches out and put `notes` in (their numbers are given anew), both or neither."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            for note in notes:
                record, sensor, worker, epoch = note.identity
                self._file.execute(PUT, (record, sensor, worker, signed(epoch), note.sequence, note.rows, note.made_ns, note.body))
            self._file.executemany("DELETE FROM batch WHERE id = ?", [(number,) for number in numbers])
            self._file.execute("COMMIT")
        except BaseException:
            if self._file.in_transaction:  # of some errors, a full disk among them, SQLite has taken it back itself
                self._file.execute("ROLLBACK")
            raise

    def count(self) -> int:
        """Batches in the file."""
        return int(self._file.execute("SELECT count(*) FROM batch").fetchone()[0])

    def oldest_ns(self) -> int | None:
        """When the oldest batch was made."""
        found = self._file.execute("SELECT made_ns FROM batch ORDER BY id LIMIT 1").fetchone()
        return None if found is None else int(found[0])

    @property
    def octets(self) -> int:
        """What the batches take on the disk, and SQLite's log; free pages, which the next batches fill, left out."""
        pages = self._pragma("page_count") - self._pragma("freelist_count")
        return pages * self._pragma("page_size") + size(self._wal)

    def return_space(self, kept_pages: int = KEPT_PAGES, kept_log: int = KEPT_LOG_OCTETS) -> None:
        """Give free pages and SQLite's log back to the disk, down to what is to be kept of them; in short transactions."""
        if self._pragma("auto_vacuum"):
            while (free := self._pragma("freelist_count")) > kept_pages:
                # As a script: execute() steps once where there are no columns, and so returns a single page.
                self._file.executescript(f"PRAGMA incremental_vacuum({min(STEP_PAGES, free - kept_pages)})")
                if self._pragma("freelist_count") >= free:
                    break
        elif not self.count():  # a file of before, just empty: quickly made one of now
            self._file.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._file.execute("VACUUM")
        self.return_log(kept_log)

    def return_log(self, kept: int) -> None:
        """Give SQLite's log back to the disk if it has more than `kept` octets: as long as somebody holds the file it never shrinks."""
        if size(self._wal) > kept:
            self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @property
    def _wal(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def _pragma(self, name: str) -> int:
        return int(self._file.execute(f"PRAGMA {name}").fetchone()[0])


def size(file: Path) -> int:
    """Octets of a file; 0 where there is none."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
