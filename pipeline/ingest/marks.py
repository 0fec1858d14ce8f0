"""How far each worker's batches have come: what the store knows, and what is added to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from pipeline.ingest.aside import MISSING
from pipeline.ingest.body import Identity
from pipeline.store.store import Store

LAST = "SELECT record, sensor, worker, epoch, max(sequence) AS sequence FROM batches GROUP BY record, sensor, worker, epoch"


class Marks:
    """The last sequence of every identity. Rows are stored first and marked after: killed between, they come again, which adds nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: dict[Identity, int] = {}
        self.reload()

    def reload(self) -> None:
        """Ask the store again: another process may have gone on meanwhile."""
        rows = self._store.query(LAST).to_pylist()
        self._last = {Identity(r["record"], r["sensor"], r["worker"], r["epoch"]): r["sequence"] for r in rows}

    def is_stored(self, identity: Identity, sequence: int) -> bool:
        """Whether this batch is in the store."""
        return sequence <= self._last.get(identity, 0)

    def note(self, taken: Mapping[Identity, Iterable[int]], token: str) -> None:
        """Batches are in the store: `taken` has each identity's sequences. All are marked, or none."""
        if not taken:
            return
        reached = {identity: max(sequences) for identity, sequences in taken.items()}
        columns = {
            "record": [identity.record for identity in reached],
            "sensor": [identity.sensor for identity in reached],
            "worker": pa.array([identity.worker for identity in reached], pa.uint16()),
            "epoch": pa.array([identity.epoch for identity in reached], pa.uint64()),
            "sequence": pa.array(list(reached.values()), pa.uint64()),
        }
        self._store.insert("batches", pa.RecordBatch.from_pydict(columns), f"batches-{token}")
        for identity, sequences in taken.items():
            MISSING.inc(reached[identity] - self._last.get(identity, 0) - len(set(sequences)))
            self._last[identity] = reached[identity]
