"""How far each worker's batches have come: what the store knows, and what is added to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from pipeline.ingest.aside import MISSING
from pipeline.ingest.body import Identity

if TYPE_CHECKING:
    from pipeline.store.store import Store


LAST = (
    "SELECT record, sensor, worker, epoch, max(sequence) AS last, argMax(holes, (sequence, -toInt64(length(holes)))) AS gaps "
    "FROM batches GROUP BY record, sensor, worker, epoch"
)
MOST_HOLES = 1000  # kept of one worker, the latest: what fills an older one is taken for a repetition


class Reached(NamedTuple):
    """The last sequence stored, and the ranges below it that were not."""

    last: int = 0
    holes: tuple[tuple[int, int], ...] = ()

    def has(self, sequence: int) -> bool:
        """Whether this one is stored."""
        return sequence <= self.last and not any(first <= sequence <= last for first, last in self.holes)

    def add(self, sequence: int) -> Reached:
        """With this one stored too."""
        if sequence > self.last:
            gap = ((self.last + 1, sequence - 1),) if sequence > self.last + 1 else ()
            return Reached(sequence, (*self.holes, *gap)[-MOST_HOLES:])
        left = []
        for first, last in self.holes:
            inside = first <= sequence <= last
            parts = ((first, sequence - 1), (sequence + 1, last)) if inside else ((first, last),)
            left += [part for part in parts if part[0] <= part[1]]
        return Reached(self.last, tuple(left[-MOST_HOLES:]))


class Marks:
    """What is stored of every identity. Rows are stored first and marked after: killed between, they come again, which adds nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reached: dict[Identity, Reached] = {}
        self.reload()

    def reload(self) -> None:
        """Ask the store again: another process may have gone on meanwhile."""
        rows = self._store.query(LAST).to_pylist()
        self._reached = {
            Identity(r["record"], r["sensor"], r["worker"], r["epoch"]): Reached(
                r["last"], tuple(zip(r["gaps"][::2], r["gaps"][1::2], strict=True))
            )
            for r in rows
        }

    def is_stored(self, identity: Identity, sequence: int) -> bool:
        """Whether this batch is in the store."""
        return self._reached.get(identity, Reached()).has(sequence)

    def note(self, taken: Mapping[Identity, Iterable[int]], token: str) -> None:
        """Batches are in the store: `taken` has each identity's sequences. All are marked, or none."""
        if not taken:
            return
        reached = {identity: self._reached.get(identity, Reached()) for identity in taken}
        for identity, sequences in taken.items():
            for sequence in sequences:
                reached[identity] = reached[identity].add(sequence)
        columns = {
            "record": [identity.record for identity in reached],
            "sensor": [identity.sensor for identity in reached],
            "worker": pa.array([identity.worker for identity in reached], pa.uint16()),
            "epoch": pa.array([identity.epoch for identity in reached], pa.uint64()),
            "sequence": pa.array([one.last for one in reached.values()], pa.uint64()),
            "holes": pa.array([[end for hole in one.holes for end in hole] for one in reached.values()], pa.list_(pa.uint64())),
        }
        self._store.insert("batches", pa.RecordBatch.from_pydict(columns), f"batches-{token}")
        for identity, now in reached.items():
            MISSING.inc(max(0, _width(now) - _width(self._reached.get(identity, Reached()))))
            self._reached[identity] = now


def _width(reached: Reached) -> int:
    return sum(last - first + 1 for first, last in reached.holes)
