"""The catalogue's kernels as the detector calls them."""

from __future__ import annotations

import numpy as np

from detectors.compile import TABLES, Catalogue
from detectors.number_kernels import LONGEST_NUMBER
from detectors.scan_kernels import scan_rows
from detectors.units import Hits

CANDIDATES = 1 << 17  # of one unit; a text that holds more is a table of numbers, and the rest of it is passed over

# All that the kernels look up and work with, as one record: they hand it on as a pointer.
SCAN = np.dtype(
    [
        *((name, TABLES[name]) for name in TABLES.names or ()),
        ("digits", np.int64, LONGEST_NUMBER),   # of the number being looked at
        ("found", np.int64, (CANDIDATES, 5)),   # see number_kernels
        ("order", np.int64, CANDIDATES),        # rows of `found` by start
        ("spare", np.int64, CANDIDATES),
        ("tiers", np.int64, CANDIDATES),        # by row of `found`
    ],
    align=True,
)


class TextScan:
    """Scans texts for the catalogue's signatures. Not for two threads at once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._scan = np.zeros(1, SCAN)
        for name in TABLES.names or ():
            self._scan[name] = catalogue.tables[name]

    def __call__(self, text: np.ndarray, bounds: np.ndarray, rows: np.ndarray, hits: Hits, n_hits: int) -> int:
        """Scan bounds[row, 0]..bounds[row, 3] of `text` for each of `rows`; hits from row n_hits on; the new number."""
        return int(scan_rows(text, bounds, rows, self._scan, hits, n_hits))
