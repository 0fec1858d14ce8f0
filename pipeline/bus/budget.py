"""Keeping the outbox within its disk: what is given up, in which order, and how that is told."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path

from prometheus_client import Counter

from pipeline.bus.given_up import make_note, summarise
from pipeline.bus.spool import Row, Size, Spool
from pipeline.ingest.body import Identity

log = logging.getLogger(__name__)
ROWS = Counter("forwarder_given_up_rows_total", "rows that will never be sent", ["record", "reason"])
OCTETS = Counter("forwarder_given_up_octets_total", "octets of the batches that will never be sent", ["record", "reason"])
FULL, TOO_LARGE = "outbox_full", "too_large"
ORDER = ("flows", "sensor_reports", "coverage", "subjects", "findings")  # findings and subjects are the very last
LAST_RESORT = ("subjects", "findings")
NOTES = ".forwarder"  # ends the name of the sensor that notes are of
TARGET = 0.9          # of the budget: not again with the next batch
AT_ONCE = 16          # batches given up in one transaction, whose bodies are in memory


class GivingUp:
    """Gives batches up, and writes the notes that say so into the same file in the same transaction.

    Notes have an identity of their own: the batch's sensor and NOTES, its worker, `epoch` (ns), numbers from 1.
    """

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        self._sequence: dict[Identity, int] = {}
        self._is_stuck = False

    def keep_within(self, spools: Sequence[Spool], budget: int, flying: Collection[tuple[Path, int]], now_ns: int) -> int:
        """Give up the oldest until `spools` take at most TARGET of `budget` octets; how many batches. Those `flying` stay."""
        total, given = 0, 1
        while given and self._excess(spools, budget):  # once more where the notes take much of what was won
            for spool in spools:
                spool.return_space(0, 0)  # the log grows to the largest burst, and stays so
            given = self._free(spools, sum(spool.octets for spool in spools) - int(budget * TARGET), flying, now_ns)
            total += given
            for spool in spools:
                spool.return_space(0, 0)
        if given == 0 and not self._is_stuck and self._excess(spools, budget):
            log.error("the outbox takes more than its budget of %d octets, and nothing in it can be given up", budget)
        self._is_stuck = given == 0
        return total

    @staticmethod
    def _excess(spools: Sequence[Spool], budget: int) -> int:
        return max(0, sum(spool.octets for spool in spools) - budget)

    def _free(self, spools: Sequence[Spool], octets: int, flying: Collection[tuple[Path, int]], now_ns: int) -> int:
        """Give up batches of about `octets` together; how many."""
        total = 0
        for record in ORDER:
            if octets > 0:
                taken, won = self._give_up_oldest(spools, record, octets, flying, now_ns)
                total, octets = total + taken, octets - won
        return total

    def give_up(self, spool: Spool, rows: Sequence[Row], reason: str, now_ns: int) -> None:
        """Take `rows` out of the file for `reason`, and put the notes of it in."""
        by_maker: dict[Identity, list[Row]] = {}
        for row in rows:
            by_maker.setdefault(self._note_of(row.identity), []).append(row)
        notes = [
            make_note(summarise(told), identity, self._sequence.get(identity, 0) + 1, now_ns)
            for identity, told in by_maker.items()
        ]
        spool.replace([row.number for row in rows], [note for note in notes if note.rows])
        for note in notes:
            if note.rows:
                self._sequence[note.identity] = note.sequence
        for row in rows:
            ROWS.labels(row.identity.record, reason).inc(row.rows)
            OCTETS.labels(row.identity.record, reason).inc(len(row.body))

    def _note_of(self, identity: Identity) -> Identity:
        sensor = identity.sensor if identity.sensor.endswith(NOTES) else identity.sensor[: 80 - len(NOTES)] + NOTES
        return Identity("coverage", sensor, identity.worker, self._epoch)

    def _give_up_oldest(
        self, spools: Sequence[Spool], record: str, octets: int, flying: Collection[tuple[Path, int]], now_ns: int
    ) -> tuple[int, int]:
        """Oldest batches of `record` of at least `octets` together, if there are; how many, and their octets."""
        found = [(size, spool) for spool in spools for size in spool.sizes(record, NOTES) if (spool.path, size.number) not in flying]
        found.sort(key=lambda pair: pair[0].made_ns)
        chosen: dict[Spool, list[Size]] = {}
        total = 0
        for size, spool in found:
            if total >= octets:
                break
            chosen.setdefault(spool, []).append(size)
            total += size.octets
        for spool, sizes in chosen.items():
            for first in range(0, len(sizes), AT_ONCE):
                rows = [row for size in sizes[first : first + AT_ONCE] if (row := spool.read(size.number)) is not None]
                self._give_up_told(spool, rows, record, now_ns)
        return sum(map(len, chosen.values())), total

    def _give_up_told(self, spool: Spool, rows: Sequence[Row], record: str, now_ns: int) -> None:
        if rows:
            self.give_up(spool, rows, FULL, now_ns)
            level = logging.ERROR if record in LAST_RESORT else logging.WARNING
            log.log(level, "%s: %d rows of %s given up, the outbox is full", spool.path.name, sum(row.rows for row in rows), record)


def read_all(spools: Sequence[Spool]) -> tuple[int, int, int | None]:
    """Batches, octets, and when the oldest was made, of all files; one that cannot be read counts nothing."""
    batches, octets, oldest = 0, 0, None
    for spool in spools:
        try:
            made_ns = spool.oldest_ns()
            batches, octets = batches + spool.count(), octets + spool.octets
        except sqlite3.DatabaseError:
            continue
        if made_ns is not None:
            oldest = made_ns if oldest is None else min(oldest, made_ns)
    return batches, octets, oldest
