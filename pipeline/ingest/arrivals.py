"""Whether something came into a store that other processes fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.store.store import Store



NEWEST = "SELECT count() AS marks, max(ingested) AS newest FROM batches"


class Arrivals:
    """Asked now and then: whether a batch was marked since the last time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, object] = {}

    def count(self) -> int:
        """0 when nothing came; marks are written after the rows, so what is counted can be read."""
        now: dict[str, object] = self._store.query(NEWEST).to_pylist()[0]
        changed = now != self._seen
        self._seen = now
        return int(changed)
